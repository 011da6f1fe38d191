import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { isRefusal } from "../base/refusal.ts"
import { formatTail, parseTail, type Tail } from "./tail.ts"

const seed = new Uint8Array(16).fill(0xab)
const tail: Tail = {
  seeds: [{ number: 254, first: 1000, count: 7, seed }],
  blocks: [
    { number: 256, seed: undefined, text: "one\n" },
    { number: 257, seed, text: "two\nü\n" },
  ],
}
const TEXT = `seed 254 1000 7 ${"ab".repeat(16)}\nblock 256 - b25lCg==\nblock 257 ${"ab".repeat(16)} dHdvCsO8Cg==\n`

test("a tail reads as docs/FORMAT.md shows it, and back", () => {
  assert.equal(formatTail(tail), TEXT)
  const { tornBytes, ...read } = parseTail(Buffer.from(TEXT))
  assert.deepEqual(
    read.blocks.map(({ number, text }) => [number, text]),
    tail.blocks.map(({ number, text }) => [number, text]),
  )
  assert.deepEqual([formatTail(read), tornBytes], [TEXT, 0])
})

test("cut anywhere, it is the lines before the cut", () => {
  for (let length = 0; length < TEXT.length; length++) {
    const cut = TEXT.slice(0, length)
    const { tornBytes, ...rest } = parseTail(Buffer.from(cut))
    assert.equal(formatTail(rest), cut.slice(0, cut.lastIndexOf("\n") + 1))
    assert.equal(tornBytes, cut.length - cut.lastIndexOf("\n") - 1)
  }
})

test("a wrong byte is another tail, or refused; never the same", () => {
  for (let at = 0; at < TEXT.length; at++) {
    for (const byte of ["0", " ", "\n", "Z", "="]) {
      if (TEXT[at] === byte) continue
      try {
        const { tornBytes, ...rest } = parseTail(Buffer.from(TEXT.slice(0, at) + byte + TEXT.slice(at + 1)))
        assert.ok(tornBytes > 0 || formatTail(rest) !== TEXT)
      } catch (error) {
        assert.ok(isRefusal(error, "ledger.damaged"))
      }
    }
  }
})

const refused: [why: string, text: string][] = [
  ["a seed after a block", "block 1 - b25lCg==\nseed 0 1 1 00\n"],
  ["blocks with a gap", "block 1 - b25lCg==\nblock 3 - b25lCg==\n"],
  ["a short seed", "block 1 abab b25lCg==\n"],
  ["upper-case hex", `block 1 ${"AB".repeat(16)} b25lCg==\n`],
  ["base64 without padding", "block 1 - b25lCg\n"],
  ["text that is not UTF-8", "block 1 - /w==\n"],
  ["another word", "note 1\n"],
  ["an empty line", "\n"],
]
for (const [why, text] of refused) {
  test(`parseTail refuses: ${why}`, () =>
    assert.throws(() => parseTail(Buffer.from(text)), { code: "ledger.damaged" }))
}

test("no bytes make it throw anything but a refusal", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        parseTail(bytes)
      } catch (error) {
        assert.ok(isRefusal(error))
      }
    }),
  )
})
