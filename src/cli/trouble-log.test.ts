import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../base/refusal.ts"
import { openLog } from "./log.ts"
import { troubleLog } from "./trouble-log.ts"

type Line = { readonly code?: string; readonly message: string; readonly untold?: number }

function told() {
  const clock = { now: 0 }
  const lines: Line[] = []
  const log = openLog({
    level: "info",
    terminal: {
      isTTY: false,
      columns: 80,
      drained: async () => undefined,
      write: (text) => lines.push(JSON.parse(String(text)) as Line) > 0,
    },
    env: {},
    clock: () => 0,
  })
  return { clock, lines, trouble: troubleLog(log, () => clock.now) }
}

const full = () => new Refusal("journal.unavailable", "the disk is nearly full")
const unsealed = (left: number) =>
  new Refusal("seal.unavailable", `nothing is sealed: ${left} bytes are left`)

test("an hour of a full disk, refusing twice a second: a line when it begins and one a minute", () => {
  const { clock, lines, trouble } = told()
  for (clock.now = 0; clock.now < 3_600_000; clock.now += 500) {
    trouble(full())
    if (clock.now % 1_000 === 0) trouble(unsealed(clock.now % 4096))
  }
  const of = (code: string) => lines.filter((line) => line.code === code)
  assert.equal(lines.length, 120)
  assert.deepEqual(
    of("journal.unavailable").map(({ untold }) => untold),
    [undefined, ...Array(59).fill(119)],
  )
  assert.deepEqual(
    of("seal.unavailable").map(({ untold }) => untold),
    [undefined, ...Array(59).fill(59)],
  )
})

test("another trouble is told at once, and one that was away for a minute as if it were new", () => {
  const { clock, lines, trouble } = told()
  trouble(full())
  trouble(new Refusal("journal.unavailable", "the disk takes nothing more"))
  trouble(full())
  clock.now = 60_001
  trouble(full())
  clock.now = 200_000
  trouble(full())
  assert.deepEqual(
    lines.map(({ message, untold }) => [message, untold]),
    [
      ["the disk is nearly full", undefined],
      ["the disk takes nothing more", undefined],
      ["the disk is nearly full", 1],
      ["the disk is nearly full", undefined],
    ],
  )
})

test("damage in two places is two lines", () => {
  const { lines, trouble } = told()
  for (const first of [94, 124]) {
    trouble(new Refusal("journal.damaged", `records ${first} to ${first} cannot be read from the journal`))
  }
  assert.equal(lines.length, 2)
})

test("what is no refusal is a fault of ours: each is written", () => {
  const { lines, trouble } = told()
  for (let i = 0; i < 3; i++) trouble(new TypeError("x is undefined"))
  assert.equal(lines.length, 3)
})

test("thousands of different troubles take no memory, and each is told", () => {
  const { lines, trouble } = told()
  const names = Array.from({ length: 3_000 }, (_, i) =>
    i.toString(26).replaceAll(/\d/g, (n) => "qrstuvwxyz"[Number(n)] ?? ""),
  )
  for (const name of names) trouble(new Refusal("segment.unlike", `segment ${name} is not alike`))
  trouble(new Refusal("segment.unlike", `segment ${names[0]} is not alike`))
  assert.equal(lines.length, 3_001)
})
