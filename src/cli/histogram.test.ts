import assert from "node:assert/strict"
import test from "node:test"
import { fillGaps, histogram, isUnicode, stepFor } from "./histogram.ts"

const AT = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000
const SECOND = 1_000_000

const drawn: [why: string, hits: number[], unicode: boolean, bars: string[]][] = [
  ["the most is as wide as there is room", [4, 2, 0], true, ["4  ████", "2  ██", "0"]],
  ["eighths of a column", [32, 17, 1], true, ["32  ████", "17  ██▏", " 1  ▏"]],
  ["what is not zero is seen", [100_000, 1], true, ["100000  ████", "     1  ▏"]],
  ["signs that every terminal has", [4, 1], false, ["4  ####", "1  #"]],
  ["nothing at all", [0], true, ["0"]],
]
for (const [why, hits, unicode, bars] of drawn) {
  test(`histogram: ${why}`, () => {
    const width = 19 + String(Math.max(1, ...hits)).length + 4 + 4
    const text = histogram(
      hits.map((count, i) => ({ at: AT + i * SECOND, hits: count })),
      width,
      unicode,
    )
    const lines = text.trimEnd().split("\n")
    assert.deepEqual(
      lines.map((line) => line.slice(21)),
      bars,
    )
    assert.equal(lines[0]?.slice(0, 19), "2026-01-02 03:04:05")
  })
}

test("a gap between two bars is seen as one", () => {
  const bars = [0, 3, 4].map((i) => ({ at: AT + i * SECOND, hits: 1 }))
  assert.deepEqual(
    fillGaps(bars, SECOND).map(({ hits }) => hits),
    [1, 0, 0, 1, 1],
  )
})

const steps: [range: string, seconds: number, step: string][] = [
  ["an instant", 0, "1s"],
  ["an hour", 3600, "5m"],
  ["a day", 86_400, "1h"],
  ["a week", 7 * 86_400, "6h"],
  ["a century", 100 * 365 * 86_400, "365d"],
]
for (const [range, seconds, step] of steps) {
  test(`stepFor: ${range}`, () => assert.equal(stepFor(AT, AT + seconds * SECOND).text, step))
}

const locales: [why: string, env: Record<string, string>, unicode: boolean][] = [
  ["nothing said", {}, false],
  ["the usual", { LANG: "en_US.UTF-8" }, true],
  ["LC_ALL counts before LANG", { LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
  ["an empty variable says nothing", { LANG: "C.utf8", LC_ALL: "" }, true],
]
for (const [why, env, unicode] of locales) {
  test(`isUnicode: ${why}`, () => assert.equal(isUnicode(env), unicode))
}
