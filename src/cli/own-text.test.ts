import assert from "node:assert/strict"
import { test } from "node:test"
import { ownText } from "./own-text.ts"

const said: [why: string, body: string, text: string | undefined][] = [
  [
    "what was done, with its facts",
    '{"kind":"did","version":1,"what":"query","facts":[["by","alice"],["rows","12"]]}',
    "tallystick: query by=alice rows=12",
  ],
  [
    "another control record, by its name",
    '{"kind":"ledger.created","version":1}',
    "tallystick: ledger.created",
  ],
  ["what is none", '{"kind":7}', undefined],
  ["what is no JSON", "{", undefined],
]
for (const [why, body, text] of said) {
  test(`ownText: ${why}`, () => assert.equal(ownText(Buffer.from(body)), text))
}
