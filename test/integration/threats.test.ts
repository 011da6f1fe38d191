/**
 * docs/THREATS.md, row by row: each attack on the files of a real ledger, and what `verify` says to it. Tests of a row
 * have its number; the last test holds the two tables together.
 */
import assert from "node:assert/strict"
import { copyFileSync, cpSync, readFileSync, rmSync, statSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { after, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { filesUnder } from "../../src/seal/log-on-disk.ts"
import { openProver, type Proved, type ProveRequest } from "../../src/seal/prove.ts"
import type { Verdict } from "../../src/seal/verdict.ts"
import { type VerifyRequest, verifyLedger } from "../../src/seal/verify.ts"
import { VerifyPool } from "../../src/seal/verify-pool.ts"
import { openDuckdb } from "../../src/store/duckdb.ts"
import { verifyReceipt } from "../../src/tlog/receipt-check.ts"
import { flip, lastRecord, repeatRows } from "../support/attacks.ts"
import { BUILT_AT, buildLedger } from "../support/built-ledger.ts"
import { seededRandom } from "../support/random.ts"
import { accepted, FIRST_IN_JOURNAL, threatCases } from "./threat-cases.ts"

const RECORDS = 2_600
const UNSEALED = 20
const HOUR_MICROS = 3_600_000_000

const root = await mkdtemp(join(tmpdir(), "tallystick-threats-"))
const whole = join(root, "whole")
const older = join(root, "older")
const built = await buildLedger({
  records: RECORDS,
  perBlock: 8,
  perBatch: 200,
  perSegment: 700,
  fileBytes: 100_000,
  dir: whole,
  body: createEventMaker(1),
  hints: true,
  copies: [{ records: 2_400, to: older }],
  unsealed: UNSEALED,
})
const pool = new VerifyPool(root, 2)
const memory = { memoryBytesMax: 512 * 1024 * 1024, threads: 1, tempBytesMax: 512 * 1024 * 1024 }
const db = await openDuckdb({ ...memory, tempDir: join(root, "duckdb"), folders: [root] })
const cases = threatCases({ whole, older, built, db })
let copies = 0

after(async () => {
  await pool.close()
  db.close()
  await rm(root, { recursive: true, force: true })
})

function copyOf(ledger: string): string {
  const dir = join(root, `copy-${++copies}`)
  cpSync(ledger, dir, { recursive: true })
  return dir
}

async function judge(dir: string, given: Partial<VerifyRequest> = {}): Promise<Verdict> {
  const now = BUILT_AT + HOUR_MICROS
  const request = { dir, keys: [built.vkey], remembered: undefined, now, readers: 1, pool, ...given }
  return (await verifyLedger(request)).verdict
}

/** Each damage as `thing cause first-last`. */
const told = ({ damages }: Verdict): string[] =>
  damages.map(({ thing, cause, first, last }) =>
    first === undefined ? `${thing} ${cause}` : `${thing} ${cause} ${first}-${last}`,
  )

const segment = (at: number): string => `segments/${built.made[at]?.name}`
const rangeOf = (at: number): string => `${built.made[at]?.first}-${built.made[at]?.last}`

test("nobody touched it: fine, with and without --columns and a checkpoint remembered", async () => {
  const verdict = await judge(whole, { columns: true, remembered: accepted(older) })
  assert.deepEqual(told(verdict), [])
  assert.equal(verdict.answer, "fine", verdict.doubts.join())
  assert.equal(verdict.segments, 3)
  assert.equal(verdict.unsealed, UNSEALED)
  assert.ok(verdict.blocks > 256, "a full tile, and a partial one")
  assert.deepEqual(verdict.restsOn, [`remembered size ${accepted(older).size}`])
})

for (const { row, how, attack, given, answer, says, among } of cases) {
  test(`threat ${row}, ${titles().get(row)}: ${how}`, async () => {
    const dir = copyOf(whole)
    await attack(dir)
    const verdict = await judge(dir, given?.())
    const found = told(verdict)
    assert.equal(verdict.answer, answer, [...found, ...verdict.doubts].join("; "))
    if (says !== undefined) assert.deepEqual(found.toSorted(), [...says()].sort())
    for (const damage of among?.() ?? [])
      assert.ok(found.includes(damage), `${damage} in ${found.join("; ")}`)
    rmSync(dir, { recursive: true, force: true })
  })
}

test("every row of the first table of docs/THREATS.md has its tests", () => {
  assert.deepEqual([...new Set(cases.map(({ row }) => row))], [...titles().keys()])
})

/** Files that vouch for nothing: what is in them is in no record, and a server makes them anew. */
const NO_EVIDENCE = new Set(["lock", "lock-journal", "reserve"])
/** All positions in steps of 50 bytes take minutes: asked for by TALLYSTICK_EXHAUSTIVE=1. */
const POSITIONS = process.env.TALLYSTICK_EXHAUSTIVE === "1" ? Number.POSITIVE_INFINITY : 8

test("a byte flipped anywhere in any file is never fine", async () => {
  const random = seededRandom(3)
  const places = filesUnder(whole).flatMap((path) => {
    const size = statSync(join(whole, path)).size
    if (NO_EVIDENCE.has(path) || path.startsWith("tmp/")) return []
    const every = Math.max(
      path.endsWith(".parquet") ? Math.ceil(size / 200) : 50,
      Math.ceil(size / POSITIONS),
    )
    const count = Math.ceil(size / every)
    return Array.from({ length: count }, (_, i) => ({
      path,
      at: Math.min(size - 1, i * every + Math.floor(random() * Math.min(every, size))),
    }))
  })
  const passed: string[] = []
  const lane = async (): Promise<void> => {
    const dir = copyOf(whole)
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const { path, at } = place
      flip(dir, path, at, 1 + Math.floor(random() * 255))
      const { answer } = await judge(dir)
      if (answer === "fine") passed.push(`${path} at ${at}`)
      copyFileSync(join(whole, path), join(dir, path))
    }
  }
  await Promise.all([lane(), lane()])
  assert.deepEqual(passed, [])
})

test("a segment of random bytes in every place neither stops nor confuses verify", async () => {
  const random = seededRandom(4)
  const dir = copyOf(whole)
  for (let turn = 0; turn < 40; turn++) {
    for (let i = 0; i < 40; i++) {
      flip(dir, segment(2), Math.floor(random() * statSync(join(dir, segment(2))).size), 1 + (i % 255))
    }
    const verdict = await judge(dir)
    assert.equal(verdict.answer, "tampered")
    assert.deepEqual(
      told(verdict).filter((text) => text.endsWith(rangeOf(0)) || text.endsWith(rangeOf(1))),
      [],
      "the segments beside it are not blamed",
    )
  }
})

async function proved(request: ProveRequest): Promise<Proved> {
  const prover = await openProver(whole)
  try {
    return await prover.prove(request)
  } finally {
    await prover.close()
  }
}

test("a segment of which every row is there 300 times is told, too", async () => {
  const dir = copyOf(whole)
  const { name = "", first = 0, last = 0 } = built.made[1] ?? {}
  await repeatRows(db, dir, { path: `segments/${name}`, times: 300 })
  const { answer, damages } = await judge(dir)
  assert.equal(answer, "tampered")
  const inserted = damages.filter(({ cause }) => cause === "inserted")
  assert.deepEqual(
    inserted.map(({ first, last, detail }) => [first, last, detail]),
    [[first, last, "the record is there twice"]],
  )
})

test("a receipt out of segment and journal is proved by the key alone, and by no other bytes", async () => {
  for (const record of [5, FIRST_IN_JOURNAL]) {
    const { receipt } = await proved({ which: { record }, withholdBody: false })
    assert.equal(verifyReceipt(receipt, [built.vkey]).record, record)
    const bytes = Buffer.from(receipt)
    for (let at = 0; at < bytes.length; at += 37) {
      const other = Buffer.from(bytes)
      other[at] = (other[at] ?? 0) ^ 1
      assert.throws(() => verifyReceipt(other, [built.vkey]), { name: "Refusal" }, `byte ${at}`)
    }
  }
})

test("a record is found by auditID and stage, in a segment and in the journal; what is not sealed is refused", async () => {
  for (const record of [700, FIRST_IN_JOURNAL]) {
    const { receipt } = await proved({ which: { record }, withholdBody: false })
    const { body } = verifyReceipt(receipt, [built.vkey])
    const { auditID: auditId, stage } = JSON.parse(Buffer.from(body ?? []).toString())
    const found = await proved({ which: { auditId, stage }, withholdBody: true })
    assert.equal(found.record, record)
    assert.equal(verifyReceipt(found.receipt, [built.vkey]).body, undefined)
  }
  const unsealed = { which: { record: lastRecord(whole) }, withholdBody: false }
  await assert.rejects(proved(unsealed), { code: "record.unsealed" })
  await assert.rejects(proved({ ...unsealed, which: { record: 1e9 } }), { code: "record.unknown" })
})

/** The rows of the first table, by number. */
function titles(): Map<number, string> {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs/THREATS.md"), "utf8")
  const rows = [...text.matchAll(/^\| (\d+) \| ([^|]+) \|/gm)]
  return new Map(rows.map(([, number = "", title = ""]) => [Number(number), title.trim()]))
}
