import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, test } from "node:test"
import { promisify } from "node:util"
import { parseBlock, parseReceipt, verifyReceipt } from "../src/tlog/index.ts"
import { GOLDEN_DIR, goldenFiles } from "./worked-example.ts"

const DOC = readFileSync(join(import.meta.dirname, "../docs/FORMAT.md"), "utf8")
const TOOLS = ["sh", "sed", "head", "tail", "cut", "base64", "sha256sum", "xxd", "jq", "openssl"]

type Fence = { readonly language: string; readonly golden: string | undefined; readonly text: string }

/** The code blocks of the page, each with the golden file that a comment before it names. */
function fences(): Fence[] {
  const form = /(?:<!-- test\/golden\/(\S+) -->\n)?```(\w*)\n([\s\S]*?)```\n/g
  return [...DOC.matchAll(form)].map(([, golden, language = "", text = ""]) => ({ golden, language, text }))
}

describe("golden files", () => {
  const files = goldenFiles()
  for (const [name, text] of Object.entries(files)) {
    test(`${name} is what the code writes`, () => {
      assert.equal(text, readFileSync(join(GOLDEN_DIR, name), "utf8"), "a format never changes in place")
    })
  }
  test("docs/FORMAT.md shows each as it is", () => {
    const shown = fences().filter(({ golden }) => golden !== undefined)
    for (const { golden = "", text } of shown) assert.equal(text, files[golden], golden)
    assert.deepEqual(
      Object.keys(files).filter((name) => !shown.some(({ golden }) => golden === name)),
      [],
    )
  })
  test("they are read and proved", () => {
    const keys = ["verifier-key.txt", "witness-key.txt"].map((name) => files[name]!.trimEnd())
    for (const name of Object.keys(files).filter((name) => name.startsWith("receipt"))) {
      const { origin, cosignedBy } = verifyReceipt(files[name]!, keys)
      assert.deepEqual([origin, cosignedBy.length], ["ledger.example.com/prod", 1])
    }
    assert.deepEqual(parseReceipt(files["receipt-v1.txt"]!).block, parseBlock(files["block-1-v1.txt"]!))
  })
})

/** Commands, and what the page says they print. */
function commands(): { readonly command: string; readonly printed: string }[] {
  const all = fences()
  return all.flatMap(({ language, text }, at) => {
    const next = all[at + 1]
    return language === "sh"
      ? [{ command: text, printed: next?.language === "text" && !next.golden ? next.text : "" }]
      : []
  })
}

test("the commands of docs/FORMAT.md print what it says", async (t) => {
  const missing = TOOLS.filter((tool) => spawnSync(tool, ["--version"]).error !== undefined)
  if (missing.length > 0) return t.skip(`this machine has no ${missing.join(", ")}`)
  const dir = mkdtempSync(join(tmpdir(), "tallystick-format-"))
  t.after(() => rmSync(dir, { recursive: true }))
  for (const name of readdirSync(GOLDEN_DIR))
    cpSync(join(GOLDEN_DIR, name), join(dir, name), { recursive: true })

  // One shell for the whole page, since a command may use what one before it defined.
  const mark = "--- next command ---"
  const script = commands()
    .map(({ command }) => `${command}\necho '${mark}'\n`)
    .join("")
  const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", script], { cwd: dir })
  const printed = stdout.split(`${mark}\n`)
  for (const [at, { command, printed: expected }] of commands().entries()) {
    assert.equal(printed[at], expected, command)
  }
  assert.ok(commands().length >= 8)
})
