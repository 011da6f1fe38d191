import assert from "node:assert/strict"
import { test } from "node:test"
import { serverCost } from "./server-cost.ts"

/** 500 events a second of 2,000 bytes: what a published sizing of a three-node control plane begins with. */
const TRAFFIC = { events: 500 * 60, bytes: 500 * 60 * 2000, seconds: 60 }
const costOf = (flags: readonly string[], servers = 3, minor = 35) =>
  serverCost(TRAFFIC, { flags, servers, minor })!
const ROTATION = ["--audit-log-maxsize=100", "--audit-log-maxbackup=2"]

const minutes = (seconds: number | undefined) => Math.round((seconds ?? 0) / 60)
test("a local log of 300 MB reaches back a quarter of an hour on one of three servers, 5 minutes on one alone", () => {
  assert.equal(minutes(costOf(ROTATION).log?.seconds), 16)
  assert.equal(minutes(costOf(ROTATION, 1).log?.seconds), 5)
})

const cases: readonly [why: string, flags: readonly string[], minor: number, found: object][] = [
  [
    "the server's defaults",
    [],
    35,
    { eventsPerSecondMax: 4000, bufferEvents: 10_000, bufferBytes: 20_000_000, bufferSeconds: 60 },
  ],
  [
    "a smaller batch",
    ["--audit-webhook-batch-max-size=100", "--audit-webhook-batch-throttle-qps=5"],
    35,
    { eventsPerSecondMax: 500, bufferEvents: 10_000, bufferBytes: 20_000_000, bufferSeconds: 60 },
  ],
  [
    "nothing throttles",
    ["--audit-webhook-batch-throttle-enable=False"],
    35,
    {
      eventsPerSecondMax: Number.POSITIVE_INFINITY,
      bufferEvents: 10_000,
      bufferBytes: 20_000_000,
      bufferSeconds: 60,
    },
  ],
]
for (const [why, flags, minor, found] of cases) {
  test(`what the webhook sends and holds: ${why}`, () =>
    assert.deepEqual(costOf(flags, 3, minor).webhook, found))
}

test("blocking holds nothing; a log that is never removed reaches back as far as the disk", () => {
  assert.equal(costOf(["--audit-webhook-mode=blocking"]).webhook, undefined)
  assert.equal(costOf([]).log, undefined)
  assert.notEqual(costOf([], 3, 36).log, undefined, "since 1.36 rotation has limits of its own")
})

test("traffic without a span says nothing", () => {
  assert.equal(serverCost({ ...TRAFFIC, seconds: 0 }, { flags: [], servers: 1, minor: 35 }), undefined)
})
