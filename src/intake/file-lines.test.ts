import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { type Cut, LineCutter } from "./file-lines.ts"

const LIMIT = 8

const cases: [why: string, text: string, lines: string[], holes: [number, number][], position: number][] = [
  ["nothing", "", [], [], 0],
  ["two lines", "ab\ncd\n", ["0-3 ab", "3-6 cd"], [], 6],
  ["an unfinished line waits", "ab\ncd", ["0-3 ab"], [], 3],
  ["empty lines have nothing in them", "\n\na\n", ["2-4 a"], [], 4],
  ["a hole before a line", "\0\0\0a\n", ["3-5 a"], [[0, 3]], 5],
  ["a hole in a line cuts it", "ab\0\0cd\n", ["0-2 ab cut", "4-7 cd"], [[2, 4]], 7],
  ["a hole at the end waits", "ab\n\0\0", ["0-3 ab"], [], 3],
  ["a line as long as the limit", "12345678\nx\n", ["0-9 12345678", "9-11 x"], [], 11],
  [
    "a longer one is cut and its rest counted",
    "123456789ab\nx\n",
    ["0-12 12345678 long 3", "12-14 x"],
    [],
    14,
  ],
  ["a longer one that a hole ends", "123456789\0x\n", ["0-9 12345678 long 1", "10-12 x"], [[9, 10]], 12],
]
for (const [why, text, lines, holes, position] of cases) {
  for (const chunkBytes of [1, 3, 100]) {
    test(`LineCutter in chunks of ${chunkBytes}: ${why}`, () => {
      const { cut, cutter } = run(Buffer.from(text), chunkBytes)
      assert.deepEqual(shown(cut), lines)
      assert.deepEqual(
        cut.holes.map(({ start, end }) => [start, end]),
        holes,
      )
      assert.equal(cutter.position, position)
      assert.equal(cutter.seen, text.length)
    })
  }
}

test("a line that is not over yet is not the caller's bytes: they may be used again", () => {
  const cutter = new LineCutter(0, LIMIT)
  const bytes = Buffer.from("ab\ncd")
  cutter.push(bytes)
  bytes.fill("x")
  assert.deepEqual(shown(cutter.push(Buffer.from("\n"))), ["3-6 cd"])
})

test("finish gives what is left: half a line, or NULs", () => {
  assert.deepEqual(shown(run(Buffer.from("a\nbc"), 2).cutter.finish()), ["2-4 bc cut"])
  assert.deepEqual(run(Buffer.from("a\n\0\0"), 2).cutter.finish().holes, [{ start: 2, end: 4 }])
})

test("lines do not depend on where the chunks are cut, and every byte is in a line, a newline or a hole", () => {
  const byte = fc.constantFrom("a", "b", "\n", "\0")
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (bytes, chunkBytes) => {
      const content = Buffer.from(bytes.join(""))
      const whole = run(content, 1000)
      const parts = run(content, chunkBytes)
      assert.deepEqual(shown(parts.cut), shown(whole.cut))
      assert.deepEqual(parts.cut.holes, whole.cut.holes)
      const rest = parts.cutter.finish()
      const covered = new Uint8Array(content.length)
      for (const { start, end } of [...parts.cut.lines, ...parts.cut.holes, ...rest.lines, ...rest.holes]) {
        covered.fill(1, start, end)
      }
      for (const [at, value] of content.entries()) assert.ok(covered[at] === 1 || value === 0x0a)
    }),
  )
})

function run(content: Uint8Array, chunkBytes: number): { cut: Cut; cutter: LineCutter } {
  const cutter = new LineCutter(0, LIMIT)
  const cuts: Cut[] = []
  for (let at = 0; at < content.length; at += chunkBytes) {
    cuts.push(cutter.push(content.subarray(at, at + chunkBytes)))
  }
  return {
    cut: { lines: cuts.flatMap(({ lines }) => lines), holes: cuts.flatMap(({ holes }) => holes) },
    cutter,
  }
}

function shown({ lines }: Cut): string[] {
  return lines.map(({ start, end, bytes, fault, dropped }) =>
    [`${start}-${end}`, Buffer.from(bytes).toString(), fault, dropped]
      .filter((part) => part !== undefined)
      .join(" "),
  )
}
