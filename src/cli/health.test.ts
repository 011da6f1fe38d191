import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../base/refusal.ts"
import { watchIntake } from "./health.ts"
import { openLog } from "./log.ts"

/** Takes what comes, or refuses it with `why`. */
function intake() {
  const journal: { why: Refusal | undefined } = { why: undefined }
  const events: string[] = []
  const log = openLog({
    level: "info",
    terminal: {
      isTTY: false,
      columns: 80,
      drained: async () => undefined,
      write: (text) => events.push(JSON.parse(String(text)).event) > 0,
    },
    env: {},
    clock: () => 0,
  })
  const { deliver, health } = watchIntake(async (batch) => {
    if (journal.why !== undefined) throw journal.why
    return { first: 0, count: batch.length }
  }, log)
  return { journal, events, deliver, health }
}

test("while the journal refuses it is down, whoever asks; one delivery that is taken, and it is well again", async () => {
  const { journal, events, deliver, health } = intake()
  assert.deepEqual(health(), { part: "journal", state: "ok" })
  journal.why = new Refusal("journal.unavailable", "the disk is nearly full")
  for (let i = 0; i < 5; i++) await assert.rejects(deliver([]), { code: "journal.unavailable" })
  assert.deepEqual(health(), { part: "journal", state: "down", reason: "the disk is nearly full" })
  journal.why = undefined
  await deliver([])
  assert.deepEqual(health(), { part: "journal", state: "ok" })
  assert.deepEqual(events, ["intake.refused", "intake.resumed"], "each change once, not each refusal")
})

test("what one sender does wrong takes nobody out of rotation", async () => {
  const { journal, events, deliver, health } = intake()
  journal.why = new Refusal("source.tooMany", "1024 sources are counted for the cluster a")
  await assert.rejects(deliver([]), { code: "source.tooMany" })
  assert.deepEqual(health(), { part: "journal", state: "ok" })
  assert.deepEqual(events, [])
})
