import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { toBytes } from "../base/bytes.ts"
import { decodeString } from "./decode.ts"
import { createMemo, recall } from "./memo.ts"

test("decodeString sees what JSON.parse sees, and knows where", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text).slice(1, -1)),
    fc.constantFrom("\\u0041", "\\ud83d\\ude00", "\\ud800", "\\/", "😀", "é", "\\n"),
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const bytes = toBytes(pieces.join(""))
      const { text, offsets } = decodeString(bytes, 0, bytes.length)
      assert.equal(text, JSON.parse(`"${Buffer.from(bytes).toString()}"`))
      assert.equal(offsets.length, text.length + 1)
      // Cut anywhere between characters, the parts stand for the parts.
      for (let i = 0; i <= text.length; i++) {
        const at = offsets[i] ?? 0
        const isInPair = i > 0 && /[\udc00-\udfff]/.test(text.charAt(i)) && offsets[i] === offsets[i - 1]
        if (isInPair) continue
        assert.equal(decodeString(bytes, 0, at).text + decodeString(bytes, at, bytes.length).text, text)
      }
    }),
  )
})

test("decodeString forgives everything", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeString(bytes, 0, bytes.length)))
  assert.equal(decodeString(toBytes("a\\"), 0, 2).text, "a\\")
  assert.equal(decodeString(toBytes("\\u12"), 0, 4).text, "u12")
})

test("a memo gives what would be made anew, however many things are asked", () => {
  const memo = createMemo((bytes) => Buffer.from(bytes).toString("hex"))
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { minLength: 50 }), (pieces) => {
      for (const bytes of pieces)
        assert.equal(recall(memo, bytes, 0, bytes.length), Buffer.from(bytes).toString("hex"))
    }),
  )
  const long = new Uint8Array(10_000)
  assert.equal(recall(memo, long, 0, 10_000).length, 20_000)
  assert.ok(memo.keys.length === 1024)
})
