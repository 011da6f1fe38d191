import assert from "node:assert/strict"
import { test } from "node:test"
import { rangeOfSegment } from "../store/segment-name.ts"
import { type Found, type MadeSegment, planVerify } from "./verify-plan.ts"

const digits = (number: number): string => String(number).padStart(16, "0")
const name = (first: number, last: number, day = "2026-01-01", hash = "0123456789abcdef"): string =>
  `date=${day}/${digits(first)}-${digits(last)}-${hash}.parquet`
const made = (first: number, last: number, replaces: readonly string[] = []): MadeSegment => ({
  record: last + 1,
  name: name(first, last),
  first,
  last,
  bytes: 1,
  sha256: "",
  replaces,
})
/** The hash of a file that no record names. */
const OTHER = "aaaaaaaaaaaaaaaa"
const WHOLE: Found = {
  sealedRecords: 300,
  made: [made(0, 99), made(100, 199)],
  purged: [],
  files: new Set([name(0, 99), name(100, 199)]),
  journal: { from: 200, next: 310 },
  seededFrom: 0,
}

function rangeOf(name: string): string {
  const { first, last } = rangeOfSegment(name)
  return `${first}-${last}`
}

function told(found: Found): string[] {
  const { pieces, copies, damages, notes } = planVerify(found)
  return [
    ...pieces.map(({ kind, from, to }) => `${kind} ${from}-${to}`),
    ...damages.map(({ thing, cause, first, last }) => `${thing} ${cause} ${first}-${last}`),
    ...copies.map((copy) => `copy ${rangeOf(copy.name)} of ${copy.of.length}`),
    ...notes.map(() => "note"),
  ]
}

const rows: readonly [why: string, change: Partial<Found>, answer: readonly string[]][] = [
  ["everything in its place", {}, ["segment 0-99", "segment 100-199", "journal 200-299"]],
  ["no segment yet", { made: [], files: new Set(), journal: { from: 0, next: 300 } }, ["journal 0-299"]],
  [
    "a segment removed",
    { files: new Set([name(0, 99)]) },
    ["segment 0-99", "journal 200-299", "segment missing 100-199"],
  ],
  [
    "a segment removed that the journal still holds",
    { files: new Set([name(0, 99)]), journal: { from: 100, next: 300 } },
    ["segment 0-99", "journal 100-199", "journal 200-299"],
  ],
  [
    "a segment removed that the journal still holds, without seeds: they went with the segment's record",
    { files: new Set([name(0, 99)]), journal: { from: 100, next: 300 }, seededFrom: 200 },
    ["segment 0-99", "journal 200-299", "segment missing 100-199"],
  ],
  [
    "a segment removed of which the journal still holds a part",
    { files: new Set([name(0, 99)]), journal: { from: 150, next: 300 } },
    ["segment 0-99", "journal 150-199", "journal 200-299", "segment missing 100-149"],
  ],
  [
    "a segment removed whose parts are not deleted yet",
    {
      made: [...WHOLE.made, made(0, 199, [name(0, 99), name(100, 199)])],
      files: new Set([name(0, 99), name(100, 199)]),
    },
    ["segment 0-99", "segment 100-199", "journal 200-299", "segment missing undefined-undefined"],
  ],
  ...[0, 100].map((first): (typeof rows)[number] => [
    `a segment removed of whose parts that from ${first} on is not deleted yet`,
    {
      made: [...WHOLE.made, made(0, 199, [name(0, 99), name(100, 199)])],
      files: new Set([name(first, first + 99)]),
    },
    [`segment ${first}-${first + 99}`, "journal 200-299", `segment missing ${100 - first}-${199 - first}`],
  ]),
  [
    "a segment removed, and in its range one that ends before it begins, as no ledger says: it ends all the same",
    { made: [made(0, 99), made(100, 199), made(150, 120)], files: new Set([name(0, 99), name(150, 120)]) },
    ["segment 0-99", "journal 200-299", "segment missing 100-199", "segment inserted 150-120"],
  ],
  [
    "the journal removed",
    { journal: { from: 0, next: 0 } },
    ["segment 0-99", "segment 100-199", "record missing 200-299"],
  ],
  [
    "the journal's first file removed",
    { journal: { from: 250, next: 300 } },
    ["segment 0-99", "segment 100-199", "journal 250-299", "record missing 200-249"],
  ],
  ...(
    [
      ["a second file over the same records", name(0, 99, "2026-01-01", OTHER), "copy 0-99 of 1"],
      [
        "a file over two segments, as merging leaves it",
        name(0, 199, "2026-01-01", OTHER),
        "copy 0-199 of 2",
      ],
      ["a file over a segment and a half", name(0, 150, "2026-01-01", OTHER), "segment inserted 0-150"],
      ["a file that begins within a segment", name(50, 199, "2026-01-01", OTHER), "segment inserted 50-199"],
      ["a file over segments and journal", name(100, 250, "2026-01-01", OTHER), "segment inserted 100-250"],
      [
        "a file over two segments, under another day",
        name(0, 199, "2026-01-02", OTHER),
        "segment inserted 0-199",
      ],
    ] as const
  ).map(([why, file, answer]): (typeof rows)[number] => [
    why,
    { files: new Set([...WHOLE.files, file]) },
    ["segment 0-99", "segment 100-199", "journal 200-299", answer],
  ]),
  [
    "a file over two segments, of which one is gone",
    { files: new Set([name(0, 99), name(0, 199)]) },
    ["segment 0-99", "journal 200-299", "segment missing 100-199", "segment inserted 0-199"],
  ],
  [
    "what a crash leaves: a file whose records the journal has",
    { files: new Set([...WHOLE.files, name(200, 280)]) },
    ["segment 0-99", "segment 100-199", "journal 200-299", "note"],
  ],
  [
    "compacted, old files not deleted yet",
    {
      made: [...WHOLE.made, made(0, 199, [name(0, 99), name(100, 199)])],
      files: new Set([...WHOLE.files, name(0, 199)]),
    },
    ["segment 0-199", "journal 200-299", "note", "note"],
  ],
  [
    "purged by rule",
    { purged: [{ first: 0, last: 99, reason: "retention" }], files: new Set([name(100, 199)]) },
    ["segment 100-199", "journal 200-299", "note"],
  ],
]
for (const [why, change, answer] of rows) {
  test(`planVerify: ${why}`, () => assert.deepEqual(told({ ...WHOLE, ...change }), answer))
}
