import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { ITEM_BYTES_MAX, ListCutter, type Piece } from "./import-list.ts"

const cases: [why: string, text: string, pieces: string[]][] = [
  [
    "an EventList",
    '{"kind":"EventList","items":[{"a":1},{"b":[2]}]}',
    ['E{"kind":"EventList","items":[]}', 'I{"a":1}', 'I{"b":[2]}'],
  ],
  [
    "white space inside and between",
    '{"items" : [ {"a": 1 }\n,\n {"b":2} ] }\n',
    ['E{"items" : []}', 'I{"a": 1 }', 'I{"b":2}'],
  ],
  [
    "brackets and quotes in strings",
    '{"items":[{"a":"]}\\"],["}, "x]"]}',
    ['E{"items":[]}', 'I{"a":"]}\\"],["}', 'I"x]"'],
  ],
  ["a backslash at the end of a string", '[{"a":"\\\\"},{"b":1}]', ['I{"a":"\\\\"}', 'I{"b":1}']],
  ["an array of events", '[{"a":1},{"b":2}]', ['I{"a":1}', 'I{"b":2}']],
  ["a single event", '{"kind":"Event","user":{"items":[1]}}', ['I{"kind":"Event","user":{"items":[1]}}']],
  ["events one after the other", '{"a":1}\n\n{"b":{}}{"c":3}', ['I{"a":1}', 'I{"b":{}}', 'I{"c":3}']],
  ["an event that contains a list is no list", '{"x":{"items":[{"a":1}]}}', ['I{"x":{"items":[{"a":1}]}}']],
  [
    "lists one after the other",
    '{"items":[{"a":1}]}{"items":[{"b":2}]}',
    ['E{"items":[]}', 'I{"a":1}', 'E{"items":[]}', 'I{"b":2}'],
  ],
  ["items twice", '{"items":[1],"items":[2]}', ['E{"items":[]}', "I1", "I2"]],
  ["items first, kind last", '{"items":[{"a":1}],"kind":"EventList"}', ['E{"items":[]}', 'I{"a":1}']],
  [
    "a member of a list that may hold events",
    '{"items":[],"others":[{"a":1}]}',
    ['E{"items":[]}', 'I[{"a":1}]'],
  ],
  ["metadata of a list holds none", '{"items":[1],"metadata":{"a":{}}}', ['E{"items":[]}', "I1"]],
  ["scalars are items", '[1, true ,null,"s"]', ["I1", "Itrue ", "Inull", 'I"s"']],
  [
    "a list that is cut off keeps its whole items",
    '{"items":[{"a":1},{"b":',
    ['E{"items":[]}', 'I{"a":1}', 'P{"b":'],
  ],
  ["an event that is cut off", '{"a":', ['P{"a":']],
  ["an empty list", '{"kind":"EventList","items":[]}', ['E{"kind":"EventList","items":[]}']],
  ["items that is no array", '{"items":null,"a":1}', ['I{"items":null,"a":1}']],
  ["an escaped key is not items", '{"\\u0069tems":[1]}', ['I{"\\u0069tems":[1]}']],
  [
    "text in a list, up to the next comma",
    '[{"a":1} b: "c, d" {e},{"f":2}]',
    ['I{"a":1}', 'Ib: "c, d" {e}', 'I{"f":2}'],
  ],
  ["text between values, up to the next line", 'a b\n{"c":1}', ["Ia b", 'I{"c":1}']],
  ["nothing", " \n", []],
]
for (const [why, text, expected] of cases) {
  for (const chunkBytes of [1, 2, 5, 1000]) {
    test(`ListCutter in chunks of ${chunkBytes}: ${why}`, () =>
      assert.deepEqual(cut(text, chunkBytes), expected))
  }
}

for (const chunkBytes of [1, 7, 1000]) {
  test(`an item over the limit is kept up to it, its neighbours whole, in chunks of ${chunkBytes}`, () => {
    const large = `{"a":"${"x".repeat(100)}"}`
    const pieces = cut(`[{"b":1},${large},{"c":1}]`, chunkBytes, 40)
    assert.deepEqual(pieces, ['I{"b":1}', `P${large.slice(0, 40)} +${large.length - 40}`, 'I{"c":1}'])
  })
}

test("any JSON values in a list come back byte for byte, whatever the chunks", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ noUnicodeString: false })),
      fc.integer({ min: 1, max: 20 }),
      (values, chunkBytes) => {
        const texts = values.map((value) => JSON.stringify(value))
        const list = `{"kind":"EventList","items":[${texts.join(" ,\n")}]}`
        assert.deepEqual(
          cut(list, chunkBytes)
            .slice(1)
            .map((piece) => piece.trimEnd()),
          texts.map((text) => `I${text}`),
        )
      },
    ),
  )
})

test("any bytes at all: never an exception", () => {
  const byte = fc.constantFrom(...'{}[]",:\\a1 \n\0')
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (bytes, chunkBytes) => {
      const text = bytes.join("")
      assert.deepEqual(cut(text, chunkBytes), cut(text, 1000))
    }),
    { numRuns: 2000 },
  )
})

function cut(text: string, chunkBytes: number, itemBytesMax = ITEM_BYTES_MAX): string[] {
  const cutter = new ListCutter(itemBytesMax)
  const bytes = Buffer.from(text)
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes)
    pieces.push(...cutter.push(bytes.subarray(at, at + chunkBytes)))
  pieces.push(...cutter.finish())
  return pieces.map((piece) => {
    const dropped = piece.kind === "part" && piece.dropped > 0 ? ` +${piece.dropped}` : ""
    return piece.kind.slice(0, 1).toUpperCase() + Buffer.from(piece.bytes).toString() + dropped
  })
}
