import assert from "node:assert/strict"
import test from "node:test"
import { nearest } from "./nearest.ts"

const KNOWN = ["port", "address", "insecure", "intervalMs", "recordsMax"]

const rows: [why: string, word: string, meant: string | undefined][] = [
  ["a letter is missing", "adress", "address"],
  ["a letter too many", "portt", "port"],
  ["two letters swapped", "prot", "port"],
  ["another case", "intervalms", "intervalMs"],
  ["far from all", "banana", undefined],
  ["short words forgive one slip", "prt", "port"],
  ["short words do not forgive two", "pr", undefined],
  ["the beginning of a longer word", "records", "recordsMax"],
  ["nothing", "", undefined],
  ["a very long word costs little", "x".repeat(1_000_000), undefined],
]
for (const [why, word, meant] of rows) {
  test(`nearest: ${why}`, () => assert.equal(nearest(word, KNOWN), meant))
}
