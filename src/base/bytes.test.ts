import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from "./base64.ts"
import { concat, fromBase64, fromHex, oneLine, toBase64, toBytes, toHex, utf8 } from "./bytes.ts"

const bytes = fc.uint8Array({ maxLength: 100 })

describe("base64 and hex", () => {
  test("what the browser's loop writes is what Buffer writes, and it reads it back", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        assert.equal(encodeBase64(value), toBase64(value))
        assert.equal(encodeHex(value), toHex(value))
        assert.deepEqual(decodeBase64(toBase64(value)), value)
        assert.deepEqual(decodeHex(toHex(value)), value)
        assert.deepEqual(new Uint8Array(fromBase64(toBase64(value))), value)
        assert.deepEqual(new Uint8Array(fromHex(toHex(value))), value)
      }),
    )
  })

  const refused: [why: string, text: string][] = [
    ["padding is missing", "AA"],
    ["padding is too long", "AAA=="],
    ["a stray bit is set behind the last byte", "AB=="],
    ["letters are url-safe", "-_-_"],
    ["a newline stands in it", "AAAA\nAAAA"],
    ["a space ends it", "AAAA "],
  ]
  for (const [why, text] of refused) {
    test(`fromBase64 refuses: ${why}`, () => {
      assert.throws(() => fromBase64(text), { code: "base64.malformed" })
      assert.notEqual(encodeBase64(decodeBase64(text)), text, "the browser's loop refuses it too")
    })
  }
  for (const [why, text] of [
    ["letters are upper-case", "AB"],
    ["a digit is missing", "abc"],
    ["it is no digit", "zz"],
  ] as const) {
    test(`fromHex refuses: ${why}`, () => {
      assert.throws(() => fromHex(text), { code: "text.malformed" })
      assert.notEqual(encodeHex(decodeHex(text)), text, "the browser's loop refuses it too")
    })
  }
})

test("oneLine is the text of UTF-8 bytes without a control character", () => {
  const rows: [why: string, value: Uint8Array, expected: string | undefined][] = [
    ["nothing", new Uint8Array(), ""],
    ["JSON", toBytes('{"a":"é"}'), '{"a":"é"}'],
    ["a byte order mark is a byte like others", Uint8Array.of(0xef, 0xbb, 0xbf), "\ufeff"],
    ["delete is above 0x20", Uint8Array.of(0x7f), "\x7f"],
    ["a newline would be two lines", toBytes("a\nb"), undefined],
    ["a tab", toBytes("a\tb"), undefined],
    ["a lone surrogate is not UTF-8", Uint8Array.of(0xed, 0xa0, 0x80), undefined],
    ["cut off inside a character", Uint8Array.of(0xc3), undefined],
  ]
  for (const [why, value, expected] of rows) assert.equal(oneLine(value), expected, why)
})

test("utf8 reads back what toBytes wrote, and concat joins", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(utf8(toBytes(text)), text)))
  assert.deepEqual(concat([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)]), Uint8Array.of(1, 2, 3))
})
