import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { goldenFiles } from "./worked-files.ts"

const TLOG = pathToFileURL(join(import.meta.dirname, "../src/tlog/index.ts")).href

/** What a page does: the `browser` variants of every module, no Buffer, no require. */
const PAGE = `
  delete globalThis.Buffer
  const { verifyReceipt } = await import(${JSON.stringify(TLOG)})
  const { receipts, keys } = JSON.parse(process.argv[1])
  const answers = receipts.map((receipt) => {
    try {
      const { record, cosignedBy } = verifyReceipt(receipt, keys)
      return record + " cosigned by " + cosignedBy.length
    } catch (error) {
      return error.code
    }
  })
  console.log(JSON.stringify(answers))
`

test("receipts are checked without Node's modules, as in a browser", async () => {
  const files = goldenFiles()
  const receipt = files["receipt-v1.txt"] ?? ""
  const receipts = [
    receipt,
    files["receipt-base64-v1.txt"],
    files["receipt-withheld-v1.txt"],
    receipt.replace('"admin"', '"nobody"'),
    receipt.replace(/(?<=— ledger\S+ \S{20})./, (letter) => (letter === "A" ? "B" : "A")),
  ]
  const keys = [files["verifier-key.txt"], files["witness-key.txt"]].map((key) => key?.trimEnd())
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=browser",
    "--input-type=module",
    "--eval",
    PAGE,
    JSON.stringify({ receipts, keys }),
  ])
  assert.deepEqual(JSON.parse(stdout), [
    "2 cosigned by 1",
    "3 cosigned by 1",
    "2 cosigned by 1",
    "receipt.refuted",
    "note.refuted",
  ])
})
