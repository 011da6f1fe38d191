import assert from "node:assert/strict"
import { test } from "node:test"
import { type Damage, joinDamages } from "./verdict.ts"

const damage = (cause: Damage["cause"], first?: number, last = first, detail = ""): Damage => {
  const range = first === undefined || last === undefined ? {} : { first, last }
  return { thing: "record", cause, detail, ...range }
}

const rows: [why: string, damages: readonly Damage[], joined: readonly string[]][] = [
  ["neighbours", [damage("missing", 1), damage("missing", 2, 5)], ["missing 1-5"]],
  [
    "in the order in which a segment has its records",
    [3, 1, 5, 2].map((n) => damage("inserted", n)),
    ["inserted 1-3", "inserted 5-5"],
  ],
  [
    "what is there several times",
    [damage("inserted", 7), damage("inserted", 4, 9), damage("inserted", 4, 9), damage("inserted", 12)],
    ["inserted 4-9", "inserted 12-12"],
  ],
  [
    "what differs stays apart, and in the order in which it was found",
    [damage("missing", 2), damage("changed", 3), damage("missing", 4), damage("missing", 3, 3, "why")],
    ["missing 2-2", "missing 4-4", "changed 3-3", "missing 3-3"],
  ],
  [
    "without a range",
    [damage("changed"), damage("changed")],
    ["changed undefined-undefined", "changed undefined-undefined"],
  ],
]
for (const [why, damages, joined] of rows) {
  test(`joinDamages: ${why}`, () => {
    const told = joinDamages(damages).map(({ cause, first, last }) => `${cause} ${first}-${last}`)
    assert.deepEqual(told, joined)
  })
}
