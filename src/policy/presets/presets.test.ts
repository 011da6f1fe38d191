import assert from "node:assert/strict"
import { test } from "node:test"
import { coverageOf } from "../coverage.ts"
import { lint } from "../lint.ts"
import { loadPolicy } from "../load.ts"
import { PRESETS } from "./index.ts"

const OLDEST_SUPPORTED = { minor: 23 }

for (const { name, text } of PRESETS.filter(({ asWritten }) => asWritten !== true)) {
  test(`preset ${name}: lint finds nothing, not even something good to know`, () => {
    assert.deepEqual(lint(text), [])
  })
  test(`preset ${name}: protected resources are covered`, () => {
    const missed = coverageOf(loadPolicy(text)).filter(({ verdict }) => verdict !== "covered")
    assert.deepEqual(missed, [])
  })
  test(`preset ${name}: an old server starts with it too`, () => {
    loadPolicy(text, OLDEST_SUPPORTED)
  })
}

for (const { name, text } of PRESETS.filter(({ asWritten }) => asWritten === true)) {
  test(`preset ${name}: it loads, lint says what is wrong with it, and its name says that it is not ours`, () => {
    assert.ok(loadPolicy(text).rules.length > 0)
    assert.ok(lint(text).some(({ severity }) => severity === "error"))
    assert.match(name, /-as-written$/)
  })
}
