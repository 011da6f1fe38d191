/**
 * docs/THREATS.md, row by row: each attack on the files of a real ledger, and what `verify` says to it. Tests of a row
 * have its number; the last test holds the two tables together.
 */
import assert from "node:assert/strict"
import { copyFileSync, cpSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker, seededRandom } from "../../bench/segment-events.ts"
import { newKey } from "../../src/seal/keys.ts"
import { filesUnder } from "../../src/seal/log-on-disk.ts"
import { proveRecord } from "../../src/seal/prove.ts"
import { checkpointOf } from "../../src/seal/remember.ts"
import type { Verdict } from "../../src/seal/verdict.ts"
import { type VerifyRequest, verifyLedger } from "../../src/seal/verify.ts"
import { VerifyPool } from "../../src/seal/verify-pool.ts"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"
import { parseNote, signNote } from "../../src/tlog/note.ts"
import { verifyReceipt } from "../../src/tlog/receipt-check.ts"
import { openSigner } from "../../src/tlog/signer.ts"
import {
  blockAround,
  edited,
  editBlock,
  editFooter,
  editJournalLine,
  editText,
  exchangeInBundle,
  exchangeInTail,
  flip,
  journalFileOf,
  lastRecord,
  newestJournal,
  offsetIn,
  otherVerb,
  putBack,
  putBackLog,
  removeRow,
  rewriteSegment,
  startsWith,
  swap,
} from "../support/attacks.ts"
import { BUILT_AT, type BuiltLedger, buildLedger, ORIGIN } from "../support/built-ledger.ts"

const RECORDS = 2_600
const UNSEALED = 20
const HOUR_MICROS = 3_600_000_000

let root = ""
let whole = ""
let older = ""
let built: BuiltLedger
let pool: VerifyPool
let db: Duckdb
let copies = 0

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-threats-"))
  whole = join(root, "whole")
  older = join(root, "older")
  const size = { records: RECORDS, perBlock: 8, perBatch: 200, perSegment: 700, fileBytes: 100_000 }
  built = await buildLedger({
    ...size,
    dir: whole,
    body: createEventMaker(1),
    hints: true,
    copies: [{ records: 2_400, to: older }],
    unsealed: UNSEALED,
  })
  pool = new VerifyPool(root, 2)
  const memory = { memoryBytesMax: 512 * 1024 * 1024, threads: 1, tempBytesMax: 512 * 1024 * 1024 }
  db = await openDuckdb({ ...memory, tempDir: join(root, "duckdb"), folders: [root] })
})

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
const signedIn = (dir: string): string => readFileSync(join(dir, "log/checkpoint"), "utf8")
const accepted = (dir: string) => checkpointOf(signedIn(dir))
const DERIVED_CHANGED = ["catalogue changed", "bloom changed"]
/** The first block that no segment holds, as its records. */
const FIRST_IN_JOURNAL = 2_500

type Case = {
  readonly row: number
  /** Where one row has several. */
  readonly how: string
  readonly attack: (dir: string) => void | Promise<void>
  readonly given?: () => Partial<VerifyRequest>
  readonly answer: Verdict["answer"]
  /** All damage there is, in any order; a function where the test says which belongs to it. */
  readonly says?: () => readonly string[]
  /** What it must tell at least, where one act damages much. */
  readonly among?: () => readonly string[]
}

const cases: readonly Case[] = [
  {
    row: 1,
    how: "in its middle",
    attack: (dir) => flip(dir, segment(1), 60_000),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(1)}`],
  },
  {
    row: 2,
    how: "under its old name",
    attack: (dir) => rewriteSegment(db, dir, { path: segment(0), column: "raw", sql: edited("raw", 123) }),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(0)}`, "record changed 123-123"],
  },
  {
    row: 2,
    how: "under the name its bytes ask for",
    attack: async (dir) => {
      const to = segment(0).replace(/[0-9a-f]{16}\.parquet$/, "0123456789abcdef.parquet")
      await rewriteSegment(db, dir, { path: segment(0), column: "raw", sql: edited("raw", 123), to })
      editText(dir, "catalogue.ndjson", (text) => text.replace(segment(0).slice(9), to.slice(9)))
    },
    answer: "tampered",
    says: () => [
      `segment missing ${rangeOf(0)}`,
      `segment inserted ${rangeOf(0)}`,
      "record changed 123-123",
      "catalogue inserted",
      "catalogue missing",
    ],
  },
  {
    row: 2,
    how: "emptied, as if it had been erased by rule",
    attack: (dir) =>
      rewriteSegment(db, dir, {
        path: segment(0),
        column: "raw",
        sql: "CASE WHEN record = 123 THEN NULL ELSE raw END",
      }),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(0)}`, "record changed 123-123"],
  },
  {
    row: 2,
    how: "a record taken out",
    attack: (dir) => removeRow(db, dir, { path: segment(0), record: 123 }),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(0)}`, "record missing 123-123", ...DERIVED_CHANGED],
  },
  {
    row: 3,
    how: "with --columns it is named",
    attack: editUser,
    given: () => ({ columns: true }),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(1)}`, "column changed 1000-1000"],
  },
  {
    row: 3,
    how: "without --columns its file is",
    attack: editUser,
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(1)}`],
  },
  {
    row: 4,
    how: "so that no record seems to be of a verb",
    attack: (dir) => editFooter(dir, segment(0), "watch", "wbtch"),
    answer: "tampered",
    says: () => [`segment changed ${rangeOf(0)}`],
  },
  {
    row: 5,
    how: "the first",
    attack: (dir) => rmSync(join(dir, segment(0))),
    answer: "tampered",
    says: () => [`segment missing ${rangeOf(0)}`],
  },
  {
    row: 5,
    how: "the last, in which the records of those before it are",
    attack: (dir) => rmSync(join(dir, segment(2))),
    answer: "tampered",
    says: () => [`segment missing ${rangeOf(2)}`],
  },
  {
    row: 6,
    how: "a copy with another hash in its name",
    attack: (dir) => {
      const other = segment(0).replace(/[0-9a-f]{16}\.parquet$/, "0123456789abcdef.parquet")
      copyFileSync(join(dir, segment(0)), join(dir, other))
    },
    answer: "tampered",
    says: () => [`segment inserted ${rangeOf(0)}`],
  },
  {
    row: 6,
    how: "under a name that no ledger gives",
    attack: (dir) => copyFileSync(join(dir, segment(0)), join(dir, "segments/all.parquet")),
    answer: "tampered",
    says: () => ["segment inserted"],
  },
  {
    row: 7,
    how: "names stay",
    attack: (dir) => swap(dir, segment(0), segment(1)),
    answer: "tampered",
    says: () => [
      ...[0, 1].map((at) => `segment changed ${rangeOf(at)}`),
      ...[0, 1].map((at) => `record missing ${rangeOf(at)}`),
      ...[0, 1].map((at) => `record inserted ${rangeOf(at)}`),
      ...["bloom changed", "catalogue changed"].flatMap((text) => [text, text]),
    ],
  },
  {
    row: 8,
    how: "a block text edited in its bundle",
    attack: (dir) => editBlock(dir, 100),
    answer: "tampered",
    says: () => ["block changed 100-100"],
  },
  {
    row: 8,
    how: "a bundle removed",
    attack: (dir) => rmSync(join(dir, "log/tile/entries/000")),
    answer: "tampered",
    says: () => ["bundle missing 0-255", "record unreadable 0-1979"],
  },
  {
    row: 8,
    how: "a tile edited",
    attack: (dir) => flip(dir, "log/tile/0/000", 3_200),
    answer: "tampered",
    says: () => ["tile changed 0-255"],
  },
  {
    row: 8,
    how: "a tile removed",
    attack: (dir) => rmSync(join(dir, "log/tile/0/000")),
    answer: "tampered",
    says: () => ["tile missing 0-255"],
  },
  {
    row: 8,
    how: "two block texts exchanged in the tail",
    attack: exchangeInTail,
    answer: "tampered",
    among: () => ["block reordered 266-266", "block reordered 267-267"],
  },
  {
    row: 8,
    how: "a tile that no block accounts for",
    attack: (dir) => copyFileSync(join(dir, "log/tile/0/000"), join(dir, "log/tile/0/001")),
    answer: "tampered",
    says: () => ["tile inserted"],
  },
  {
    row: 8,
    how: "the root that is signed",
    attack: (dir) =>
      editText(dir, "log/checkpoint", (text) => text.replace(/^(.+\n\d+\n)./, (_, head) => `${head}_`)),
    answer: "tampered",
    says: () => ["checkpoint bad signature"],
  },
  {
    row: 8,
    how: "the signature",
    attack: (dir) =>
      editText(dir, "log/checkpoint", (text) =>
        text.replace(/(?<=\n\n\S+ \S+ \S{20})./, (letter) => (letter === "A" ? "B" : "A")),
      ),
    answer: "tampered",
    says: () => ["checkpoint bad signature"],
  },
  {
    row: 8,
    how: "two block texts exchanged in their bundle",
    attack: exchangeInBundle,
    answer: "tampered",
    among: () => ["block changed 101-101", "tile changed 0-255"],
  },
  {
    row: 1,
    how: "in two places, and others elsewhere: all of it is told",
    attack: (dir) => {
      flip(dir, segment(0), 50_000)
      flip(dir, segment(1), 60_000)
      flip(dir, "log/tile/0/000", 3_200)
      rmSync(join(dir, segment(2)))
    },
    answer: "tampered",
    says: () => [
      `segment changed ${rangeOf(0)}`,
      `segment changed ${rangeOf(1)}`,
      `segment missing ${rangeOf(2)}`,
      "tile changed 0-255",
    ],
  },
  {
    row: 9,
    how: "the later checkpoint is remembered",
    attack: (dir) => putBackLog(dir, older),
    given: () => ({ remembered: accepted(whole) }),
    answer: "tampered",
    says: () => [`checkpoint truncated ${accepted(older).size}-${accepted(whole).size - 1}`],
  },
  {
    row: 9,
    how: "nobody remembers; the newest block is old",
    attack: (dir) => putBackLog(dir, older),
    given: () => ({ ageMaxMicros: HOUR_MICROS / 60 }),
    answer: "unknown",
    says: () => [],
  },
  {
    row: 10,
    how: "the later checkpoint is remembered",
    attack: (dir) => putBack(dir, older),
    given: () => ({ remembered: accepted(whole) }),
    answer: "tampered",
    says: () => [`checkpoint truncated ${accepted(older).size}-${accepted(whole).size - 1}`],
  },
  {
    row: 10,
    how: "nobody remembers; the newest block is old",
    attack: (dir) => putBack(dir, older),
    given: () => ({ ageMaxMicros: HOUR_MICROS / 60 }),
    answer: "unknown",
    says: () => [],
  },
  {
    row: 11,
    how: "of the same name",
    attack: (dir) => {
      const other = openSigner(newKey(ORIGIN, (bytes) => new Uint8Array(bytes).fill(8)))
      const note = signNote(parseNote(signedIn(dir)).text, [{ ...other, kind: "ed25519" }])
      writeFileSync(join(dir, "log/checkpoint"), note)
    },
    answer: "tampered",
    says: () => ["checkpoint unknown key"],
  },
  {
    row: 12,
    how: "another history under a larger size",
    attack: forge,
    given: () => ({ remembered: { ...accepted(whole), size: 50 } }),
    answer: "tampered",
    says: () => ["checkpoint forked 0-49"],
  },
  {
    row: 12,
    how: "nobody remembers, and nobody asks for a witness",
    attack: forge,
    answer: "fine",
    says: () => [],
  },
  {
    row: 12,
    how: "a witness is asked for",
    attack: forge,
    given: () => ({ quorum: 1 }),
    answer: "unknown",
    says: () => [],
  },
  {
    row: 13,
    how: "its CRC repaired",
    attack: (dir) => editJournalLine(dir, startsWith(FIRST_IN_JOURNAL), otherVerb),
    answer: "tampered",
    says: () => [`record changed ${blockAround(whole, FIRST_IN_JOURNAL)}`],
  },
  {
    row: 13,
    how: "its CRC as it was",
    attack: (dir) => flip(dir, journalFileOf(dir, FIRST_IN_JOURNAL), offsetIn(dir, FIRST_IN_JOURNAL) + 200),
    answer: "tampered",
    among: () => ["journal changed"],
  },
  {
    row: 14,
    how: "its CRC as it was",
    attack: (dir) => flip(dir, newestJournal(dir), statSync(join(dir, newestJournal(dir))).size - 300),
    answer: "unknown",
    says: () => [],
  },
  {
    row: 14,
    how: "its CRC repaired",
    attack: (dir) => editJournalLine(dir, startsWith(lastRecord(dir)), otherVerb),
    answer: "fine",
    says: () => [],
  },
  {
    row: 15,
    how: "a time in the catalogue",
    attack: (dir) => editText(dir, "catalogue.ndjson", (text) => text.replace(/"timeMax":\d/, '"timeMax":7')),
    answer: "tampered",
    says: () => ["catalogue changed"],
  },
  {
    row: 15,
    how: "a line of the catalogue removed",
    attack: (dir) => editText(dir, "catalogue.ndjson", (text) => text.slice(text.indexOf("\n") + 1)),
    answer: "tampered",
    says: () => ["catalogue missing"],
  },
  {
    row: 15,
    how: "a bit of a bloom file",
    attack: (dir) => flip(dir, segment(0).replace(".parquet", ".bloom"), 300),
    answer: "tampered",
    says: () => ["bloom changed"],
  },
  {
    row: 16,
    how: "where it was accepted before",
    attack: (dir) => rmSync(dir, { recursive: true }),
    given: () => ({ remembered: accepted(whole) }),
    answer: "tampered",
    says: () => ["checkpoint missing"],
  },
  {
    row: 16,
    how: "where nobody saw it",
    attack: (dir) => rmSync(dir, { recursive: true }),
    answer: "unknown",
    says: () => [],
  },
  {
    row: 17,
    how: "with its key, where it was accepted before",
    attack: (dir) => replaceByEmpty(dir),
    given: () => ({ remembered: accepted(whole) }),
    answer: "tampered",
    says: () => [`checkpoint truncated 3-${accepted(whole).size - 1}`],
  },
  {
    row: 17,
    how: "with its key, where nobody saw it",
    attack: (dir) => replaceByEmpty(dir),
    answer: "unknown",
    says: () => [],
  },
]

async function forge(dir: string): Promise<void> {
  rmSync(dir, { recursive: true })
  await buildLedger({ ...FORGED, dir, records: 100 })
}

function editUser(dir: string): Promise<void> {
  const sql = edited("user.username", 1000)
  return rewriteSegment(db, dir, { path: segment(1), column: "user.username", sql })
}

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

test("a receipt out of segment and journal is proved by the key alone, and by no other bytes", async () => {
  for (const record of [5, FIRST_IN_JOURNAL]) {
    const { receipt } = await proveRecord({ dir: whole, which: { record }, withholdBody: false })
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
    const { receipt } = await proveRecord({ dir: whole, which: { record }, withholdBody: false })
    const { body } = verifyReceipt(receipt, [built.vkey])
    const { auditID: auditId, stage } = JSON.parse(Buffer.from(body ?? []).toString())
    const found = await proveRecord({ dir: whole, which: { auditId, stage }, withholdBody: true })
    assert.equal(found.record, record)
    assert.equal(verifyReceipt(found.receipt, [built.vkey]).body, undefined)
  }
  const unsealed = { dir: whole, which: { record: lastRecord(whole) }, withholdBody: false }
  await assert.rejects(proveRecord(unsealed), { code: "record.unsealed" })
  await assert.rejects(proveRecord({ ...unsealed, which: { record: 1e9 } }), { code: "record.unknown" })
})

const FORGED = { body: createEventMaker(2), perBlock: 1, perBatch: 50, perSegment: 1e9 }

/** The rows of the first table, by number. */
function titles(): Map<number, string> {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs/THREATS.md"), "utf8")
  const rows = [...text.matchAll(/^\| (\d+) \| ([^|]+) \|/gm)]
  return new Map(rows.map(([, number = "", title = ""]) => [Number(number), title.trim()]))
}

async function replaceByEmpty(dir: string): Promise<void> {
  rmSync(dir, { recursive: true })
  await buildLedger({ ...FORGED, dir, records: 0 })
}
