import assert from "node:assert/strict"
import { test } from "node:test"
import { csvLine, csvRow } from "./csv.ts"

const cells: [why: string, text: string, shown: string][] = [
  ["plain text", "delete", "delete"],
  ["a comma", "a,b", '"a,b"'],
  ["quotes", 'say "hi"', '"say ""hi"""'],
  ["a line break stays one cell", "a\nb", '"a\nb"'],
  ["a formula that opens a program", "=cmd|' /C calc'!A0", `"'=cmd|' /C calc'!A0"`],
  ["a formula behind a plus", "+1+cmd", "'+1+cmd"],
  ["a mention that some take for a formula", "@SUM(A1)", "'@SUM(A1)"],
  ["a minus that is no number", "-1+2", "'-1+2"],
  ["a negative number is a number", "-1.5", "-1.5"],
  ["a tab in front hides a formula", "\t=1", `"'\t=1"`],
  ["a terminal's escape", "\x1b[2J", "\\u001b[2J"],
  ["a carriage return that overwrites the line", "ok\rgone", "ok\\u000dgone"],
  ["a C1 control", "\x9b2J", "\\u009b2J"],
  ["text that is shown backwards", "\u202etxt.exe", "\\u202etxt.exe"],
  ["a name that looks like another", "adm\u200bin", "adm\\u200bin"],
  ["a mark of direction", "a\u200fb", "a\\u200fb"],
  ["nothing", "", ""],
]
for (const [why, text, shown] of cells) {
  test(`csvLine: ${why}`, () => assert.equal(csvLine([text]), `${shown}\n`))
}

test("csvRow: cells by column, empty where a row has none", () => {
  assert.equal(csvRow({ b: "2", a: "1" }, ["a", "x", "b"]), "1,,2\n")
})
