import assert from "node:assert/strict"
import { test } from "node:test"
import { pointAt } from "./point.ts"

const pointed: [why: string, text: string, position: number, length: number, shown: string][] = [
  ["a word", "a | sotr by (x)", 4, 4, "a | sotr by (x)\n    ^^^^"],
  ["the end", "foo (", 5, 1, "foo (\n     ^"],
  ["the second line", "a\nb | c", 6, 1, "b | c\n    ^"],
  ["more than the line has", "a b", 2, 9, "a b\n  ^"],
  ["what a terminal would obey", "a \x1b[2J", 2, 1, "a �[2J\n  ^"],
  [
    "the middle of a long line",
    `${"x".repeat(100)}!${"y".repeat(100)}`,
    100,
    1,
    `…${"x".repeat(60)}!${"y".repeat(59)}…\n${" ".repeat(61)}^`,
  ],
]
for (const [why, text, position, length, shown] of pointed) {
  test(`pointAt: ${why}`, () => assert.equal(pointAt(text, { position, length }), shown))
}
