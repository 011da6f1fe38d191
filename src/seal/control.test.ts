import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { isRefusal } from "../base/refusal.ts"
import { CONTROLS, type Control, parseControl } from "./control.ts"

const HEX = "0123456789abcdef".repeat(4)
const SEGMENT = "date=2026-11-20/0-99-0123456789abcdef.parquet"

const rows: [text: string, control: Control][] = [
  [
    '{"kind":"ledger.created","version":1,"origin":"ledger.example.com/prod","key":"k","predecessor":null}',
    { kind: "ledger.created", value: { origin: "ledger.example.com/prod", key: "k", predecessor: null } },
  ],
  ['{"kind":"key.rotated","version":1,"note":"a\\n"}', { kind: "key.rotated", value: { note: "a\n" } }],
  [
    `{"kind":"segment.made","version":1,"name":"${SEGMENT}","first":0,"last":99,"bytes":7,"sha256":"${HEX}","replaces":[]}`,
    {
      kind: "segment.made",
      value: { name: SEGMENT, first: 0, last: 99, bytes: 7, sha256: HEX, replaces: [] },
    },
  ],
  [
    `{"kind":"range.purged","version":1,"first":0,"last":99,"segments":["${SEGMENT}"],"by":"rule-1","reason":"90 days"}`,
    {
      kind: "range.purged",
      value: { first: 0, last: 99, segments: [SEGMENT], by: "rule-1", reason: "90 days" },
    },
  ],
  [
    `{"kind":"record.erased","version":1,"record":5,"source":"a/b","n":3,"digest":"${"A".repeat(43)}=","by":"x","reason":"y"}`,
    {
      kind: "record.erased",
      value: { record: 5, source: "a/b", n: 3, digest: `${"A".repeat(43)}=`, by: "x", reason: "y" },
    },
  ],
  [
    `{"kind":"import.done","version":1,"id":"i1","name":"a.log","bytes":9,"sha256":"${HEX}","records":2,"first":3,"last":4}`,
    {
      kind: "import.done",
      value: { id: "i1", name: "a.log", bytes: 9, sha256: HEX, records: 2, first: 3, last: 4 },
    },
  ],
  [
    '{"kind":"clock","version":1,"before":"2026-11-20T18:24:18.139716Z","after":"2026-11-20T18:24:10.000000Z","jumpMicros":-8139716}',
    {
      kind: "clock",
      value: { before: 1795199058139716, after: 1795199050000000, jumpMicros: -8139716 },
    },
  ],
  [
    '{"kind":"loss","version":1,"why":"journal.damaged","first":4,"count":2,"bytes":300,"gaps":[["a/b",3,5]],"detail":"x"}',
    {
      kind: "loss",
      value: { why: "journal.damaged", first: 4, count: 2, bytes: 300, gaps: [["a/b", 3, 5]], detail: "x" },
    },
  ],
  [
    '{"kind":"heartbeat","version":1,"next":[["a/b",3],["tallystick",9]]}',
    {
      kind: "heartbeat",
      value: {
        next: [
          ["a/b", 3],
          ["tallystick", 9],
        ],
      },
    },
  ],
  [
    '{"kind":"did","version":1,"what":"serve.started","facts":[["version","1"]]}',
    { kind: "did", value: { what: "serve.started", facts: [["version", "1"]] } },
  ],
]

for (const [text, control] of rows) {
  test(`a ${control.kind} record has one text`, () => {
    assert.deepEqual(parseControl(Buffer.from(text)), control)
    assert.equal(CONTROLS[control.kind].format(control.value as never), text)
    for (let at = 0; at < text.length; at++) {
      // A cut, a doubled or a blanked byte is another value or none; it never passes for the same.
      for (const other of [
        text.slice(0, at),
        text.slice(0, at) + text[at] + text.slice(at),
        `${text.slice(0, at)} ${text.slice(at)}`,
      ]) {
        let read: Control | undefined
        try {
          read = parseControl(Buffer.from(other))
        } catch (error) {
          assert.ok(isRefusal(error, "control.malformed"))
        }
        if (read !== undefined) assert.notDeepEqual(read, control)
      }
    }
  })
}

test("every kind has an example here", () => {
  assert.deepEqual(rows.map(([, { kind }]) => kind).sort(), Object.keys(CONTROLS).sort())
})

const refused: [why: string, text: string][] = [
  ["an unknown kind", '{"kind":"segment.unmade","version":1}'],
  ["a kind that every object has", '{"kind":"constructor","version":1}'],
  ["another version", '{"kind":"key.rotated","version":2,"note":"a"}'],
  ["a member too many", '{"kind":"key.rotated","version":1,"note":"a","more":1}'],
  ["members in another order", '{"version":1,"kind":"key.rotated","note":"a"}'],
  ["a member twice", '{"kind":"key.rotated","version":1,"note":"b","note":"a"}'],
  ["white space", '{"kind":"key.rotated","version":1,"note":"a"} '],
  ["an escape that is not needed", '{"kind":"key.rotated","version":1,"note":"\\u0061"}'],
  ["half a surrogate pair", '{"kind":"key.rotated","version":1,"note":"\\ud800"}'],
  ["a number as 1.0", `{"kind":"heartbeat","version":1,"next":[["a",1.0]]}`],
  ["a negative count", `{"kind":"heartbeat","version":1,"next":[["a",-1]]}`],
  ["minus zero", `{"kind":"heartbeat","version":1,"next":[["a",-0]]}`],
  [
    "a path out of segments/",
    `{"kind":"range.purged","version":1,"first":0,"last":1,"segments":["../x"],"by":"","reason":""}`,
  ],
  ["a list", "[]"],
  ["nothing", ""],
]
for (const [why, text] of refused) {
  test(`parseControl refuses: ${why}`, () =>
    assert.throws(() => parseControl(Buffer.from(text)), { code: "control.malformed" }))
}

test("no bytes make it throw anything but a refusal", () => {
  const bodies = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bodies, (body) =>
      assert.throws(
        () => parseControl(body),
        (error) => isRefusal(error),
      ),
    ),
  )
})
