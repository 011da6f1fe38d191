import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../../src/base/refusal.ts"
import { withApi } from "../support/api.ts"
import { fluentMsgpack, lokiProto, otlpProto } from "../support/collector-bodies.ts"

// A ledger that cannot keep anything for a minute: what each client does with the answers it gets, by a clock of the test's.
// Waits are those of the clients with the settings of docs/INSERT.md; they only move the clock.

const OUTAGE_MS = 60_000

type Answer = { readonly status: number; readonly retryAfterMs: number | undefined }
type Client = {
  readonly name: string
  readonly url: string
  readonly headers?: Record<string, string>
  readonly payload: (n: number) => string | Buffer
  /** What it takes for success. */
  readonly isDone: (answer: Answer) => boolean
  /** Milliseconds until it sends again; undefined: it gives up, and the data are lost. */
  readonly again: (answer: Answer, attempt: number) => number | undefined
}

const serverError = ({ status }: Answer) => status >= 500
const ok = ({ status }: Answer) => status >= 200 && status < 300
const doubled = (from: number, most: number) => (attempt: number) => Math.min(most, from * 2 ** attempt)
const proto = { "content-type": "application/x-protobuf" }

const clients: readonly Client[] = [
  {
    name: "kube-apiserver: five attempts of 10 s times 1.5, each with nine waits of Retry-After",
    url: "/audit/prod",
    payload: (n) => `{"kind":"EventList","items":[{"auditID":"${n}","stage":"Panic"}]}`,
    isDone: ({ status }) => status === 200,
    again: ({ retryAfterMs = 0 }, attempt) => {
      if (attempt >= 50) return undefined
      return attempt % 10 === 9 ? 10_000 * 1.5 ** Math.floor(attempt / 10) : retryAfterMs
    },
  },
  {
    name: "Fluent Bit http, json_lines",
    url: "/insert/jsonline",
    payload: (n) => `{"log":"line ${n}"}\n`,
    isDone: ({ status }) => status >= 200 && status <= 205,
    again: (answer, attempt) =>
      serverError(answer) || [408, 429].includes(answer.status)
        ? doubled(5_000, 2_000_000)(attempt)
        : undefined,
  },
  {
    name: "Fluent Bit http, msgpack",
    url: "/insert/jsonline",
    headers: { "content-type": "application/msgpack" },
    payload: (n) => fluentMsgpack([{ log: `line ${n}` }]),
    isDone: ({ status }) => status >= 200 && status <= 205,
    again: (answer, attempt) => (serverError(answer) ? doubled(5_000, 2_000_000)(attempt) : undefined),
  },
  {
    name: "Vector http and elasticsearch",
    url: "/insert/elasticsearch/_bulk",
    payload: (n) => `{"create":{}}\n{"message":"line ${n}"}\n`,
    isDone: ok,
    again: (answer, attempt) =>
      serverError(answer) || [408, 429].includes(answer.status) ? doubled(1_000, 30_000)(attempt) : undefined,
  },
  {
    name: "Promtail and Alloy",
    url: "/insert/loki/api/v1/push",
    headers: proto,
    payload: (n) => lokiProto('{app="a"}', [`line ${n}`]),
    isDone: ok,
    again: (answer, attempt) => {
      if (attempt >= 10 || !(serverError(answer) || answer.status === 429)) return undefined
      return doubled(500, 300_000)(attempt)
    },
  },
  {
    name: "OpenTelemetry Collector",
    url: "/v1/logs",
    headers: proto,
    payload: (n) => otlpProto({}, [`line ${n}`]),
    isDone: ({ status }) => status === 200,
    again: ({ status, retryAfterMs }, attempt) =>
      [429, 502, 503, 504].includes(status) ? (retryAfterMs ?? doubled(5_000, 30_000)(attempt)) : undefined,
  },
  {
    name: "Filebeat",
    url: "/insert/elasticsearch/_bulk",
    payload: (n) => `{"index":{}}\n{"message":"line ${n}"}\n`,
    isDone: ok,
    again: (answer, attempt) =>
      serverError(answer) || answer.status === 429 ? doubled(1_000, 60_000)(attempt) : undefined,
  },
]

const BATCHES = 12
const outages: readonly (readonly [why: string, refuse: (now: number) => boolean])[] = [
  ["the disk is full", (now) => now < OUTAGE_MS],
  ["the disk is full every other second", (now) => now < OUTAGE_MS && Math.floor(now / 1000) % 2 === 0],
]

for (const client of clients) {
  for (const [why, refuses] of outages) {
    test(`${client.name}: nothing is lost while ${why}`, async () => {
      let now = 0
      const full = () => {
        throw new Refusal("journal.unavailable", "the disk is full")
      }
      let kept = 0
      const deliver = async (batch: readonly unknown[]) => {
        if (refuses(now)) full()
        kept += batch.length
        return { first: 0, count: batch.length }
      }
      await withApi({ deliver }, async ({ app }) => {
        for (let n = 0; n < BATCHES; n++) {
          now = n * 5_000
          await deliverOne(client, n, async (payload) => {
            const { url, headers = {} } = client
            const { statusCode, headers: told } = await app.inject({ method: "POST", url, headers, payload })
            const seconds = told["retry-after"]
            return {
              status: statusCode,
              retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1000,
            }
          })
        }
      })
      assert.equal(kept, BATCHES)

      async function deliverOne(
        { isDone, again, payload }: Client,
        n: number,
        send: (payload: string | Buffer) => Promise<Answer>,
      ): Promise<void> {
        for (let attempt = 0; ; attempt++) {
          const answer = await send(payload(n))
          if (isDone(answer)) return
          const wait = again(answer, attempt)
          assert.ok(wait !== undefined, `batch ${n} is given up after ${answer.status} at ${now} ms`)
          now += wait
        }
      }
    })
  }
}
