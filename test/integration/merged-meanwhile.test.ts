/** A server merges segments and removes the old files while somebody reads the directory: nobody is told of damage. */
import assert from "node:assert/strict"
import { cpSync, rmSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { openProver } from "../../src/seal/prove.ts"
import { openLocalSearch } from "../../src/search/index.ts"
import { verifyReceipt } from "../../src/tlog/receipt-check.ts"
import { BUILT_AT, type BuiltLedger, buildLedger, mergeSegments } from "../support/built-ledger.ts"

const RECORDS = 500

let root = ""
let whole = ""
let merged = ""
let built: BuiltLedger
let copies = 0

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-merged-meanwhile-"))
  whole = join(root, "whole")
  merged = join(root, "merged")
  const size = { body: createEventMaker(6), perBlock: 10, perBatch: 50, perSegment: 200, fileBytes: 50_000 }
  built = await buildLedger({ ...size, dir: whole, records: RECORDS })
  cpSync(whole, merged, { recursive: true })
  await mergeSegments(merged, built)
})
after(() => rm(root, { recursive: true, force: true }))

function copyOfWhole(): string {
  const dir = join(root, `copy-${++copies}`)
  cpSync(whole, dir, { recursive: true })
  return dir
}

function merge(dir: string): void {
  cpSync(merged, dir, { recursive: true })
  for (const { name } of built.made) rmSync(join(dir, "segments", name))
}

test("prove finds a record in the merged file, by its number and by its auditID", async () => {
  for (const find of ["number", "auditID"] as const) {
    const dir = copyOfWhole()
    const prover = await openProver(dir)
    const { receipt } = await prover.prove({ which: { record: 7 }, withholdBody: false })
    const { body } = verifyReceipt(receipt, [built.vkey])
    const { auditID: auditId, stage } = JSON.parse(Buffer.from(body ?? []).toString())
    merge(dir)
    const which = find === "number" ? { record: 300 } : { auditId, stage }
    const proved = await prover.prove({ which, withholdBody: false })
    assert.equal(verifyReceipt(proved.receipt, [built.vkey]).record, find === "number" ? 300 : 7)
    await prover.close()
  }
})

test("prove says of a file that somebody removed that the records are in none", async () => {
  const dir = copyOfWhole()
  const prover = await openProver(dir)
  rmSync(join(dir, "segments", built.made[0]?.name ?? ""))
  await assert.rejects(prover.prove({ which: { record: 7 }, withholdBody: false }), {
    code: "record.unprovable",
  })
  await prover.close()
})

/** All rows of a query over an open directory, and why there may be more. */
async function ask(search: Awaited<ReturnType<typeof openLocalSearch>>, text: string) {
  const rows: Readonly<Record<string, unknown>>[] = []
  const request = { text, now: BUILT_AT, rowsMax: 10_000, timeoutMs: 30_000 }
  for await (const message of search.query(request, new AbortController().signal)) {
    if (message.kind === "rows") rows.push(...message.rows.map((row) => ({ ...row })))
    else return { rows, partial: message.partial }
  }
  throw new Error("the answer has no end")
}

test("query --dir answers as if nothing had happened", async () => {
  const dir = copyOfWhole()
  const search = await openLocalSearch(dir)
  const expected = await ask(search, "kind:=k8s.audit stage:* | stats count() n")
  assert.deepEqual(expected, { rows: [{ n: String(RECORDS) }], partial: undefined })
  merge(dir)
  const { rows, partial } = await ask(search, "kind:=k8s.audit stage:* | fields record, raw")
  assert.deepEqual([rows.length, partial], [RECORDS, undefined])
  assert.deepEqual(await ask(search, "kind:=k8s.audit stage:* | stats count() n"), expected)
  await search.close()
})

test("query --dir says of a file that somebody removed that it is missing", async () => {
  const dir = copyOfWhole()
  const search = await openLocalSearch(dir)
  rmSync(join(dir, "segments", built.made[0]?.name ?? ""))
  const { rows, partial } = await ask(search, "kind:=k8s.audit stage:* | fields record, raw")
  assert.ok(rows.length < RECORDS)
  assert.match(partial ?? "", /^segments: 1 files are missing/)
  await search.close()
})
