import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createEventMaker } from "../../bench/segment-events.ts"
import { newKey } from "../../src/seal/keys.ts"
import { checkpointOf } from "../../src/seal/remember.ts"
import type { Verdict } from "../../src/seal/verdict.ts"
import type { VerifyRequest } from "../../src/seal/verify.ts"
import type { Duckdb } from "../../src/store/duckdb.ts"
import { parseNote, signNote } from "../../src/tlog/note.ts"
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
  mergeSegments,
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
import { type BuiltLedger, buildLedger, ORIGIN } from "../support/built-ledger.ts"

const HOUR_MICROS = 3_600_000_000
const DERIVED_CHANGED = ["catalogue changed", "bloom changed"]
/** The first block that no segment holds, as its records. */
export const FIRST_IN_JOURNAL = 2_500
const FORGED = { body: createEventMaker(2), perBlock: 1, perBatch: 50, perSegment: 1e9 }

/** What the attacks are made on. */
export type Ground = {
  readonly whole: string
  /** The same ledger, earlier. */
  readonly older: string
  readonly built: BuiltLedger
  readonly db: Duckdb
}

export type ThreatCase = {
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

const signedIn = (dir: string): string => readFileSync(join(dir, "log/checkpoint"), "utf8")
export const accepted = (dir: string) => checkpointOf(signedIn(dir))

/** Each attack of the first table of docs/THREATS.md, and all that `verify` says to it. */
export function threatCases({ whole, older, built, db }: Ground): readonly ThreatCase[] {
  const segment = (at: number): string => `segments/${built.made[at]?.name}`
  const rangeOf = (at: number): string => `${built.made[at]?.first}-${built.made[at]?.last}`
  const editUser = (dir: string): Promise<void> => {
    const sql = edited("user.username", 1000)
    return rewriteSegment(db, dir, { path: segment(1), column: "user.username", sql })
  }
  return [
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
    ...[
      { column: "user.username", sql: edited("user.username", 1000), how: "the user of one record" },
      { column: "duplicateOf", sql: "CASE WHEN record = 1000 THEN 7 ELSE duplicateOf END", how: "a mark" },
    ].map(
      ({ column, sql, how }): ThreatCase => ({
        row: 6,
        how: `all rows of two, as if they were being merged, but for ${how}`,
        attack: (dir) => mergeSegments(db, dir, { paths: [segment(0), segment(1)], column, sql }),
        answer: "tampered",
        says: () => [`segment inserted ${built.made[0]?.first}-${built.made[1]?.last}`],
      }),
    ),
    {
      row: 6,
      how: "all rows of two, as a crash while they were merged leaves it",
      attack: (dir) =>
        mergeSegments(db, dir, { paths: [segment(0), segment(1)], column: "record", sql: "record" }),
      answer: "fine",
      says: () => [],
    },
    {
      row: 6,
      how: "a copy under another day",
      attack: (dir) => {
        mkdirSync(join(dir, "segments/date=2020-02-20"))
        copyFileSync(join(dir, segment(0)), join(dir, segment(0).replace(/date=[^/]+/, "date=2020-02-20")))
      },
      answer: "tampered",
      says: () => [`segment inserted ${rangeOf(0)}`],
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
        const note = signNote(parseNote(signedIn(dir)).text, [other])
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
      attack: (dir) =>
        editText(dir, "catalogue.ndjson", (text) => text.replace(/"timeMax":\d/, '"timeMax":7')),
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
}

async function forge(dir: string): Promise<void> {
  rmSync(dir, { recursive: true })
  await buildLedger({ ...FORGED, dir, records: 100 })
}

async function replaceByEmpty(dir: string): Promise<void> {
  rmSync(dir, { recursive: true })
  await buildLedger({ ...FORGED, dir, records: 0 })
}
