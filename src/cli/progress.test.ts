import assert from "node:assert/strict"
import { test } from "node:test"
import { formatAmount, formatProgress, formatSeconds, progress } from "./progress.ts"
import { widthOf } from "./terminal.ts"

const SECOND = 1_000_000
const state = { label: "audit.log.gz", done: 1.2e9, total: 2.4e9, unit: "bytes", elapsed: 10 * SECOND }

const lines: [why: string, line: string, expected: string][] = [
  [
    "all there is to say",
    formatProgress(state, 100),
    "audit.log.gz  ███████████████░░░░░░░░░░░░░░░  50 %  1.2 GB of 2.4 GB  120 MB/s  10 s left",
  ],
  [
    "a narrow terminal loses the bar",
    formatProgress(state, 60),
    "audit.l…  50 %  1.2 GB of 2.4 GB  120 MB/s  10 s left",
  ],
  ["a very narrow one the end", formatProgress(state, 20), "audit.l…  50 %  1.2…"],
  [
    "no rate in the first second",
    formatProgress({ ...state, elapsed: SECOND / 2, label: undefined }, 60),
    "███████████████░░░░░░░░░░░░░░░  50 %  1.2 GB of 2.4 GB",
  ],
  [
    "an unknown total has no bar",
    formatProgress({ label: "-", done: 5000, unit: "records", elapsed: 2 * SECOND }, 80),
    "-  5,000 records  2,500 records/s",
  ],
  [
    "more than there was (a file grew)",
    formatProgress({ ...state, done: 3e9, label: undefined }, 40),
    "100 %  3.0 GB of 2.4 GB  300 MB/s  0 s …",
  ],
  [
    "nothing to do",
    formatProgress({ label: undefined, done: 0, total: 0, unit: "bytes", elapsed: 0 }, 40),
    "█████████████████████  100 %  0 B of 0 B",
  ],
]
for (const [why, line, expected] of lines) {
  test(`progress shows: ${why}`, () => assert.equal(line, expected))
}

test("a line is never wider than the terminal", () => {
  for (let width = 1; width < 120; width++) assert.ok(widthOf(formatProgress(state, width)) <= width)
})

test("ten updates a second at most, one line, taken away at the end", () => {
  let now = 0
  const written: string[] = []
  const terminal = {
    write: (text: string | Uint8Array) => written.push(String(text)) > 0,
    isTTY: true,
    columns: 80,
    drained: async () => undefined,
  }
  const shown = progress(terminal, { total: 1000, unit: "records", clock: () => now })
  for (; now < SECOND; now += SECOND / 1000) shown.update(now / 1000)
  shown.done()
  assert.equal(written.length, 11)
  assert.ok(written.slice(0, -1).every((text) => text.startsWith("\r") && text.endsWith("\x1b[K")))
  assert.equal(written.at(-1), "\r\x1b[K")

  written.length = 0
  const silent = progress({ ...terminal, isTTY: false }, { unit: "bytes", clock: () => now })
  silent.update(1)
  silent.done()
  assert.deepEqual(written, [])
})

const amounts: [number, string, string][] = [
  [0, "bytes", "0 B"],
  [999, "bytes", "999 B"],
  [1000, "bytes", "1.0 kB"],
  [123_456_789, "bytes", "123 MB"],
  [999_999_999, "bytes", "1.0 GB"],
  [1_234_567, "records", "1,234,567 records"],
]
for (const [amount, unit, text] of amounts) {
  test(`formatAmount writes ${text}`, () => assert.equal(formatAmount(amount, unit), text))
}

test("formatSeconds", () => {
  assert.deepEqual([0.2, 59, 60, 245, 7800].map(formatSeconds), [
    "1 s",
    "59 s",
    "1 min 00 s",
    "4 min 05 s",
    "2 h 10 min",
  ])
})
