import assert from "node:assert/strict"
import { test } from "node:test"
import { FALSE, type Sql, trusted } from "../query/sql.ts"
import { partsInOrder, partsOf, type Where } from "./parts.ts"
import type { Source } from "./snapshot.ts"

const VERB = trusted(`"verb" = 'get'`)
const OTHER = trusted(`"verb" = 'list'`)
const BODY = trusted(`contains("raw", 'x')`)

/** Segments of 40,000 records, as a server makes them; the number of each is its `first`. */
const segments = (count: number): Source[] =>
  Array.from({ length: count }, (_, first) => ({
    file: `${first}`,
    first,
    last: first,
    timeMin: 0,
    timeMax: 1,
    rows: 40_000,
    segment: undefined,
  }))

const always =
  (condition: Sql): Where =>
  () =>
    condition

test("where first rows are wanted soon, the first part is small and the next ones grow", () => {
  const sizes = partsInOrder(segments(40), always(VERB), { startRows: 1 }).map((part) => part.sources.length)
  // 3 ** 10 rows are the first to hold a second segment, 600,000 are the most.
  assert.deepEqual(sizes, [...Array(11).fill(1), 4, 13, 12])
})

test("a statement that looks through bodies is a tenth of a second, so that others have their turn", () => {
  for (const parts of [
    partsOf(segments(10), always(BODY)),
    partsOf(segments(10), always(VERB), { bodies: true }),
  ])
    assert.deepEqual(
      parts.map((part) => part.sources.length),
      [3, 3, 3, 1],
    )
})

test("sources with the same condition are read together, in order only where order is asked for", () => {
  const where: Where = ({ first }) => (first % 3 === 0 ? VERB : first % 3 === 1 ? OTHER : FALSE)
  const shown = (parts: ReturnType<typeof partsOf>) =>
    parts.map((part) => [part.where.text === VERB.text, part.sources.map(({ first }) => first)])
  assert.deepEqual(shown(partsOf(segments(7), where)), [
    [true, [0, 3, 6]],
    [false, [1, 4]],
  ])
  assert.deepEqual(shown(partsInOrder(segments(7), where)), [
    [true, [0]],
    [false, [1]],
    [true, [3]],
    [false, [4]],
    [true, [6]],
  ])
})
