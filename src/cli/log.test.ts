import assert from "node:assert/strict"
import test from "node:test"
import { testWorld } from "../../test/support/world.ts"
import { Refusal } from "../base/refusal.ts"
import { type Log, openLog } from "./log.ts"

function lines(write: (log: Log) => void, given: { isTTY?: boolean; level?: "debug" | "info" } = {}): string {
  const world = testWorld({ cwd: "/" })
  const terminal = { ...world.stderr, isTTY: given.isTTY === true }
  const env = { NO_COLOR: "1" }
  write(openLog({ level: given.level ?? "info", terminal, env, clock: world.clock }))
  return world.err()
}

test("a line is JSON: level, time, fields, event", () => {
  assert.deepEqual(JSON.parse(lines((log) => log.info("journal.opened", { records: 7, dir: "/d" }))), {
    level: "info",
    time: "2026-01-02T03:04:05.000000Z",
    event: "journal.opened",
    records: 7,
    dir: "/d",
  })
})

test("below the level nothing is written", () => {
  assert.equal(
    lines((log) => log.debug("x")),
    "",
  )
  assert.notEqual(
    lines((log) => log.debug("x"), { level: "debug" }),
    "",
  )
})

const SECRETS = ["authorization", "token", "password", "body", "raw", "requestObject", "cookie"]
for (const name of SECRETS) {
  test(`a field called ${name} is never written`, () => {
    assert.doesNotMatch(
      lines((log) => log.info("x", { [name]: "hunter2" })),
      /hunter2/,
    )
    assert.doesNotMatch(
      lines((log) => log.info("x", { [name]: "hunter2" }), { isTTY: true }),
      /hunter2/,
    )
  })
}

test("a text as long as an event is cut", () => {
  assert.ok(lines((log) => log.info("x", { name: "y".repeat(10_000) })).length < 1_000)
})

test("a refusal keeps its code and facts and is a warning; anything else is an error with its stack", () => {
  const refusal = JSON.parse(
    lines((log) => log.trouble("seal.failed", new Refusal("proof.refuted", "m", { size: 7 }))),
  )
  assert.deepEqual(
    [refusal.level, refusal.code, refusal.size, refusal.message, refusal.hint],
    ["warn", "proof.refuted", 7, "m", "keep both checkpoints: the log may have been rewritten"],
  )
  const error = JSON.parse(lines((log) => log.trouble("x", new Error("boom"))))
  assert.equal(error.level, "error")
  assert.match(error.message, /boom\n +at /)
})

const HOSTILE = "eve\x1b[2J\x9b2J\u202e\n{}"
test("hostile text stays on its line and steers no terminal, as JSON and pretty", () => {
  for (const isTTY of [false, true]) {
    const text = lines((log) => log.warn("auth.refused", { user: HOSTILE }), { isTTY })
    assert.match(text, /^[^\x00-\x1f\x7f-\x9f\u202e]*\n$/)
  }
  assert.equal(JSON.parse(lines((log) => log.warn("x", { user: HOSTILE }))).user, HOSTILE)
})

test("pretty: one line a person can read", () => {
  assert.equal(
    lines((log) => log.info("serve.started", { at: "http://127.0.0.1:9628", what: "two words" }), {
      isTTY: true,
    }),
    '03:04:05.000 info  serve.started at=http://127.0.0.1:9628 what="two words"\n',
  )
})
