import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { snappyCompress } from "hysnappy"
import { expandSnappy, snappySize } from "./snappy.ts"

const HEAD = Buffer.from([0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59])

function chunk(type: number, content: Uint8Array): Buffer {
  const size = content.length + 4
  return Buffer.concat([
    Buffer.from([type, size & 0xff, (size >> 8) & 0xff, size >> 16, 0, 0, 0, 0]),
    content,
  ])
}

test("what was compressed comes back, as a block and in frames", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), (bytes) => {
      const block = snappyCompress(bytes)
      assert.equal(snappySize(block), bytes.length)
      assert.deepEqual(Buffer.from(expandSnappy(block, 4000)), Buffer.from(bytes))
      const frames = Buffer.concat([HEAD, chunk(0, block), chunk(0xfe, Buffer.alloc(3)), chunk(1, bytes)])
      assert.deepEqual(Buffer.from(expandSnappy(frames, 8000)), Buffer.concat([bytes, bytes]))
    }),
  )
})

const block = snappyCompress(Buffer.from("hello hello hello hello hello hello"))
const refused: readonly (readonly [why: string, bytes: Uint8Array, code: string])[] = [
  ["nothing", new Uint8Array(0), "body.damaged"],
  ["no end of the size", Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "body.damaged"],
  [
    "a bomb is not unpacked: its size is beyond the limit",
    Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00]),
    "body.tooLarge",
  ],
  ["cut off", block.subarray(0, -2), "body.damaged"],
  ["a copy from before the beginning", Buffer.from([0x08, 0x01, 0x10]), "body.damaged"],
  ["a cut chunk", Buffer.concat([HEAD, chunk(0, block).subarray(0, -1)]), "body.damaged"],
  ["a chunk of a type that must be understood", Buffer.concat([HEAD, chunk(2, block)]), "body.damaged"],
  [
    "frames that are too much together",
    Buffer.concat([HEAD, ...Array(40).fill(chunk(0, block))]),
    "body.tooLarge",
  ],
]
for (const [why, bytes, code] of refused) {
  test(`expandSnappy refuses: ${why}`, () => assert.throws(() => expandSnappy(bytes, 1024), { code }))
}

test("expandSnappy: any bytes are content or a refusal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.ok(expandSnappy(bytes, 10_000).length <= 10_000)
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^body\.(damaged|tooLarge)$/)
      }
    }),
    { numRuns: 500 },
  )
})
