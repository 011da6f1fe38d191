import assert from "node:assert/strict"
import test from "node:test"
import { fc } from "../../test/support/properties.ts"
import { escapeLines, escapeText, fit, paintFor, table, widthOf } from "./terminal.ts"

const escaped: [why: string, text: string, shown: string][] = [
  ["plain text stays", "system:serviceaccount:ci:deployer", "system:serviceaccount:ci:deployer"],
  ["letters of any script stay", "Jürgen 名前 имя", "Jürgen 名前 имя"],
  ["an escape sequence would repaint the screen", "a\x1b[2Jb", "a\\x1b[2Jb"],
  ["an 8-bit CSI does the same without ESC", "a\x9b2Jb", "a\\x9b2Jb"],
  ["a newline would forge a line", "ok\ntallystick: fine", "ok\\ntallystick: fine"],
  ["a carriage return would overwrite the line", "bad\rgood", "bad\\rgood"],
  ["BEL ends an OSC title sequence", "\x1b]0;x\x07", "\\x1b]0;x\\x07"],
  ["a bidi override turns a name round", "user\u202egnp.exe", "user\\u202egnp.exe"],
  ["a bidi isolate does too", "a\u2066b\u2069", "a\\u2066b\\u2069"],
  ["zero width makes two names look equal", "ad\u200bmin", "ad\\u200bmin"],
  ["a soft hyphen does too", "ad\u00admin", "ad\\xadmin"],
  ["tags are invisible", "a\u{e0041}", "a\\u{e0041}"],
  ["a line separator is a newline to some", "a\u2028b", "a\\u2028b"],
  ["a lone surrogate cannot be written as UTF-8", "a\ud800b", "a\\ud800b"],
  ["NUL", "a\0b", "a\\x00b"],
]
for (const [why, text, shown] of escaped) {
  test(`escapeText: ${why}`, () => assert.equal(escapeText(text), shown))
}

test("escapeText never lets a steering character through, whatever comes in", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      assert.doesNotMatch(escapeText(text), /[\p{C}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test("escapeLines keeps newlines of ours", () => assert.equal(escapeLines("a\x1b\nb"), "a\\x1b\nb"))

const widths: [text: string, width: number][] = [
  ["abc", 3],
  ["名前", 4],
  ["é", 1],
  ["e\u0301", 1],
  ["🚀", 2],
  ["한글", 4],
]
for (const [text, width] of widths) {
  test(`widthOf ${text} is ${width}`, () => assert.equal(widthOf(text), width))
}

test("fit cuts by columns, not by characters", () => {
  assert.equal(fit("名前名前", 5), "名前…")
  assert.equal(fit("abc", 3), "abc")
  assert.equal(fit("abcd", 3), "ab…")
})

test("a table fits the terminal: the widest column gives way, whole ones never", () => {
  const rows = [
    {
      time: "2026-01-02T03:04:05Z",
      who: "system:serviceaccount:kube-system:generic-garbage-collector",
      n: "7",
    },
    { time: "2026-01-02T03:04:06Z", who: "eve\x1b[2J", n: "12" },
  ]
  const columns = [
    { name: "time", whole: true },
    "who",
    { name: "n", title: "count", align: "right" as const },
  ]
  const text = table(rows, columns, 50)
  assert.equal(
    text,
    [
      "time                  who                    count",
      "2026-01-02T03:04:05Z  system:serviceaccoun…      7",
      "2026-01-02T03:04:06Z  eve\\x1b[2J                12",
      "",
    ].join("\n"),
  )
  for (const line of text.split("\n")) assert.ok(widthOf(line) <= 50)
})

test("a table for a pipe is not cut", () => {
  assert.match(table([{ a: "x".repeat(500) }], ["a"], Number.POSITIVE_INFINITY), /x{500}/)
})

test("a table without rows has its titles", () => assert.equal(table([], ["a", "b"], 80), "a  b\n"))

const colours: [why: string, isTTY: boolean, env: Record<string, string>, on: boolean][] = [
  ["a terminal", true, {}, true],
  ["a pipe", false, {}, false],
  ["NO_COLOR", true, { NO_COLOR: "1" }, false],
  ["an empty NO_COLOR says nothing (no-color.org)", true, { NO_COLOR: "" }, true],
  ["a dumb terminal", true, { TERM: "dumb" }, false],
]
for (const [why, isTTY, env, on] of colours) {
  test(`colours: ${why}`, () => assert.equal(paintFor({ isTTY }, env).red("x") !== "x", on))
}
