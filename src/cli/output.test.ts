import assert from "node:assert/strict"
import { test } from "node:test"
import { testWorld } from "../../test/support/world.ts"
import type { Row } from "../query/row.ts"
import { FORMATS, showAnswer } from "./output.ts"

async function* answer(rows: readonly Row[]) {
  yield* rows
}

const ROWS = ["a", "b", "c"].map((raw) => ({ raw }))
const TIME = "time: 60 s were not enough"

for (const format of FORMATS) {
  test(`a number of rows that was asked for does not hide that an answer is partial: ${format}`, async () => {
    const world = testWorld({ cwd: "/" })
    const wanted = { format, rows: 2, limited: true }
    assert.equal(await showAnswer(answer([...ROWS, { _partial: TIME }]), wanted, world), TIME)
    assert.match(world.out(), /a[\s\S]*b/)
    assert.doesNotMatch(world.out(), /c\n/)
  })

  test(`more rows than are shown, as somebody asked: that is whole: ${format}`, async () => {
    const wanted = { format, rows: 2, limited: true }
    assert.equal(await showAnswer(answer(ROWS), wanted, testWorld({ cwd: "/" })), undefined)
  })
}
