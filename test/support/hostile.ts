import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "./properties.ts"
import { toBytes, utf8 } from "../../src/base/bytes.ts"
import { isRefusal } from "../../src/base/refusal.ts"

/** Bits that turn a letter into its neighbour, into the other case, and a byte out of ASCII. */
const FLIPS = [0x01, 0x02, 0x20, 0x80]

/** The bytes with one byte changed, for every byte in several ways. */
export function* corruptions(
  bytes: Uint8Array,
): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of FLIPS) {
      const changed = Uint8Array.from(bytes)
      changed[at] = changed[at]! ^ flip
      yield { at, bytes: changed }
    }
  }
}

/** Every beginning of the bytes, without the whole. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length)
}

/** What `read` gives, or undefined where it refuses. Anything else thrown is a bug. */
export function ifAccepted<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

/**
 * The suite of a text format: what it prints it reads back; whatever else it reads, it would have printed, byte for
 * byte; it throws nothing but a Refusal with `code`.
 */
export function formatContract<T>(format: {
  readonly name: string
  readonly code: string
  readonly samples: readonly string[]
  parse(text: string): T
  print(value: T): string
}): void {
  const { name, code, samples, parse, print } = format
  const check = (text: string) => {
    const value = ifRefusedWith(code, () => parse(text))
    if (value !== undefined) assert.equal(print(value), text)
  }

  test(`${name}: what is printed is read back`, () => {
    for (const text of samples) assert.equal(print(parse(text)), text)
  })
  test(`${name}: with any byte changed it is refused, or the only text of another value`, () => {
    for (const text of samples) {
      for (const { bytes } of corruptions(toBytes(text)))
        check(utf8(bytes) ?? new TextDecoder("latin1").decode(bytes))
    }
  })
  test(`${name}: cut at any length it is refused, or the only text of another value`, () => {
    for (const text of samples) for (let end = 0; end < text.length; end++) check(text.slice(0, end))
  })
  test(`${name}: never anything but a refusal`, () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), check))
    fc.assert(fc.property(mutations(samples), check), { numRuns: 500 })
  })
}

function ifRefusedWith<T>(code: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isRefusal(error)) assert.equal(error.code, code)
    else throw error
    return undefined
  }
}

/** The samples with a piece replaced by another piece, a number, white space or nothing. */
function mutations(samples: readonly string[]): fc.Arbitrary<string> {
  const pieces = samples.flatMap((text) => text.split(/(?<=[\n ])/))
  const other = fc.oneof(
    fc.constantFrom(...pieces, "", "\n", " ", "\n\n", "-0", "1e3", "0x7", "\0", "\ud800", "\ufeff"),
    fc.string({ maxLength: 8 }),
    fc.bigInt({ min: -1n, max: 2n ** 64n }).map(String),
  )
  return fc
    .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(40), other)
    .map(([text, at, length, piece]) => {
      const start = at % (text.length + 1)
      return text.slice(0, start) + piece + text.slice(start + length)
    })
}
