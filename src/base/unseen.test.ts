import assert from "node:assert/strict"
import { test } from "node:test"
import { escapeUnseen } from "./unseen.ts"

const texts: [why: string, text: string, shown: string][] = [
  ["what is seen stays, emoji too", "a é 漢 😀 'x' \t", "a é 漢 😀 'x' \t"],
  ["a C1 control", "\x9b2J", "\\u009b2J"],
  ["a change of direction", "\u202etxt.exe", "\\u202etxt.exe"],
  ["marks of direction", "a\u200fb\u061cc", "a\\u200fb\\u061cc"],
  ["a name that looks like another", "adm\u200bin\xad", "adm\\u200bin\\u00ad"],
  ["a line separator", "\u2028", "\\u2028"],
  ["a byte order mark", "\ufeffx", "\\ufeffx"],
  [
    "text in tags, which programs read and people do not",
    "\u{e0041}\u{e0042}",
    "\\udb40\\udc41\\udb40\\udc42",
  ],
]
for (const [why, text, shown] of texts) {
  test(`escapeUnseen: ${why}`, () => {
    assert.equal(escapeUnseen(text), shown)
    if (!/["\t]/.test(text)) assert.equal(JSON.parse(`"${escapeUnseen(text)}"`), text, "JSON means the same")
  })
}
