import assert from "node:assert/strict"
import { test } from "node:test"
import { parsePipes } from "../parse.ts"

/** As VictoriaLogs 1.52.1 writes them. */
const TEXTS: readonly [written: string, printed: string][] = [
  ["stream_context before 2", "stream_context before 2"],
  ["stream_context after 3 before 2", "stream_context before 2 after 3"],
  ["stream_context before 0", "stream_context after 0"],
  ["stream_context before 2 before 3", "stream_context before 3"],
  ["stream_context before 2 time_window 1h", "stream_context before 2"],
  ["stream_context after 2 time_window 5m", "stream_context after 2 time_window 5m"],
  ["stream_context after 2 time_window 0s", "stream_context after 2 time_window 0"],
]
for (const [written, printed] of TEXTS) {
  test(`${written} is printed as ${printed}`, () => assert.equal(parsePipes(written)[0]?.print(), printed))
}

for (const text of ["stream_context", "stream_context time_window 5m before 2", "stream_context before -1"]) {
  test(`${text} is refused`, () => assert.throws(() => parsePipes(text), { code: "query.malformed" }))
}
