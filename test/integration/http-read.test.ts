import assert from "node:assert/strict"
import { test } from "node:test"
import type { ApiDeps } from "../../src/api/index.ts"
import { Refusal } from "../../src/base/refusal.ts"
import { searchOf, seriesOf, withApi } from "../support/api.ts"

/** What is read: health, the log, queries, metrics. By inject: no socket. */

const EVENT = '{"auditID":"a","stage":"RequestReceived","verb":"get","level":"Metadata"}'
const LIST = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${EVENT},{"x":1}]}\n`

const readiness: [why: string, health: ReturnType<ApiDeps["health"]>, status: number, word: string][] = [
  ["all is well", [{ part: "journal", state: "ok" }], 200, "ok"],
  [
    "search is down: events are still kept",
    [
      { part: "journal", state: "ok" },
      { part: "search", state: "degraded", reason: "starting" },
    ],
    200,
    "degraded",
  ],
  [
    "the journal cannot be written",
    [
      { part: "journal", state: "down", reason: "disk full" },
      { part: "search", state: "ok" },
    ],
    503,
    "down",
  ],
]
for (const [why, health, status, word] of readiness) {
  test(`/readyz: ${why}`, () =>
    withApi({ health: () => health }, async ({ app }) => {
      const answer = await app.inject({ url: "/readyz" })
      assert.equal(answer.statusCode, status)
      assert.deepEqual(answer.json(), { status: word, parts: health })
      assert.equal((await app.inject({ url: "/healthz" })).statusCode, 200, "alive all the same")
    }))
}

test("the log: a checkpoint that is always asked for, tiles that never change", () =>
  withApi(
    {
      log: {
        sealed: { checkpoint: "o\n1\nr\n\n— o x\n" },
        readTile: async (path) => (path === "tile/entries/x001/234.p/5" ? Uint8Array.of(0, 255) : undefined),
      },
    },
    async ({ app }) => {
      const checkpoint = await app.inject({ url: "/log/checkpoint" })
      assert.equal(checkpoint.body, "o\n1\nr\n\n— o x\n")
      assert.equal(checkpoint.headers["content-type"], "text/plain; charset=utf-8")
      assert.equal(checkpoint.headers["cache-control"], "no-cache")
      const tile = await app.inject({ url: "/log/tile/entries/x001/234.p/5" })
      assert.deepEqual([...tile.rawPayload], [0, 255])
      assert.equal(tile.headers["content-type"], "application/octet-stream")
      assert.match(String(tile.headers["cache-control"]), /immutable/)
      const missing = await app.inject({ url: "/log/tile/entries/x001/234.p/6" })
      assert.equal(missing.headers["cache-control"], "no-store")
    },
  ))

const ROWS = [{ _time: "2026-01-02T03:04:05Z", verb: "get" }, { _msg: 'say "hi"\n' }]

test("a query answers JSON lines and says that they are all", () => {
  const asked: unknown[] = []
  return withApi(
    {
      search: searchOf([
        { kind: "rows", rows: ROWS },
        { kind: "rows", rows: [] },
        { kind: "end", rows: 2 },
      ]),
      onQuery: ({ seconds, ...rest }) => asked.push(rest),
    },
    async ({ app }) => {
      const answer = await app.inject({
        method: "POST",
        url: "/select/logsql/query",
        payload: "query=verb%3Aget&limit=2",
      })
      assert.equal(answer.headers["content-type"], "application/stream+json")
      assert.equal(answer.body, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""))
      assert.deepEqual(answer.trailers, { "tallystick-answer": "whole" })
      assert.deepEqual(asked, [
        { by: "anonymous", endpoint: "query", text: "verb:get", rows: 2, outcome: "whole" },
      ])
    },
  )
})

test("a question mark may stand in a query as it is", () => {
  const asked: unknown[] = []
  return withApi(
    { search: searchOf([{ kind: "end", rows: 0 }]), onQuery: ({ text }) => asked.push(text) },
    async ({ app }) => {
      await app.inject({ url: "/select/logsql/query?query=requestURI:~a?b&limit=2" })
      assert.deepEqual(asked, ["requestURI:~a?b"])
    },
  )
})

const sameQuestion: [
  why: string,
  request: { readonly url: string; readonly headers?: Record<string, string>; readonly payload?: string },
][] = [
  ["two slashes, behind a base address that ends with one", { url: "//select/logsql/query?query=verb:get" }],
  [
    "a multipart form, as curl -F sends it",
    {
      url: "/select/logsql/query",
      headers: { "content-type": "multipart/form-data; boundary=AbC" },
      payload: '--AbC\r\nContent-Disposition: form-data; name="query"\r\n\r\nverb:get\r\n--AbC--\r\n',
    },
  ],
]
for (const [why, request] of sameQuestion) {
  test(`a query may come as: ${why}`, () => {
    const asked: unknown[] = []
    const search = searchOf([{ kind: "end", rows: 0 }])
    return withApi({ search, onQuery: ({ text }) => asked.push(text) }, async ({ app }) => {
      const answer = await app.inject({ method: "POST", ...request })
      assert.equal(answer.statusCode, 200, answer.body)
      assert.deepEqual(asked, ["verb:get"])
    })
  })
}

test("a path that nobody answers is told with the nearest one; a form that is none with what was expected", () =>
  withApi({}, async ({ app }) => {
    const lost = await app.inject({ url: "/select/logsql/qery?query=x" })
    assert.equal(lost.statusCode, 404)
    assert.equal(lost.json().detail, "there is no /select/logsql/qery; did you mean /select/logsql/query?")
    const headers = { "content-type": "application/json" }
    const json = await app.inject({ method: "POST", url: "/select/logsql/query", headers, payload: "{}" })
    assert.equal(json.statusCode, 400)
    assert.match(json.body, /expected arguments as a form/)
  }))

test("clients hear the release of VictoriaLogs whose API this is", () =>
  withApi({}, async ({ app }) => {
    const { status, data } = (await app.inject({ url: "/select/buildinfo" })).json()
    assert.equal(status, "success")
    assert.match(data.version, /v1\.52\.1$/)
  }))

test("a query that limits cut is marked in the answer and in the trailer", () =>
  withApi(
    {
      search: searchOf([
        { kind: "rows", rows: ROWS },
        { kind: "end", rows: 2, partial: "rowsMax 2" },
      ]),
    },
    async ({ app }) => {
      const answer = await app.inject({ url: "/select/logsql/query?query=x" })
      const last = JSON.parse(answer.body.trimEnd().split("\n").at(-1) ?? "")
      assert.equal(last._partial, "rowsMax 2")
      assert.ok(Object.values(last).every((value) => typeof value === "string"))
      assert.deepEqual(answer.trailers, { "tallystick-answer": "partial: rowsMax 2" })
    },
  ))

test("a query that cannot be read is 400: text as VictoriaLogs answers, a problem for who asks for JSON", () =>
  withApi({ search: searchOf([new Refusal("http.parameters", 'unexpected "(" at 7')]) }, async ({ app }) => {
    const text = await app.inject({ url: "/select/logsql/query?query=x" })
    assert.equal(text.statusCode, 400)
    assert.equal(text.headers["content-type"], "text/plain; charset=utf-8")
    assert.match(text.body, /^unexpected "\(" at 7 /)
    const problem = await app.inject({
      url: "/select/logsql/query?query=x",
      headers: { accept: "application/problem+json" },
    })
    assert.equal(problem.statusCode, 400)
    assert.equal(problem.json().detail, 'unexpected "(" at 7')
  }))

test("/metrics is OpenMetrics: each family once, counters end in _total, EOF at the end", () =>
  withApi({}, async ({ app }) => {
    await app.inject({ method: "POST", url: "/audit/prod-1", payload: LIST })
    const answer = await app.inject({ url: "/metrics" })
    const { body } = answer
    assert.equal(answer.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert.ok(body.endsWith("# EOF\n"))
    const families = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => ({
      name,
      type,
    }))
    assert.equal(new Set(families.map(({ name }) => name)).size, families.length)
    const misnamed = families.filter(({ name, type }) => name.endsWith("_total") && type !== "counter")
    assert.deepEqual(misnamed, [], "only counters end in _total")
    const helped = new Set([...body.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name))
    assert.deepEqual(
      families.filter(({ name }) => !helped.has(name)),
      [],
      "each says what it is",
    )
    for (const line of body.split("\n")) {
      if (line === "" || line.startsWith("#")) continue
      assert.match(line, /^[a-z0-9_]+(\{([a-z_]+="[^"]*",?)+\})? -?[0-9.e+-]+(Inf)?$|Nan$/)
      const family = families.find(({ name }) => line.startsWith(name))
      if (family?.type === "counter") assert.match(line, /^[a-z0-9_]+_total[ {]/)
    }
  }))

test("/metrics has every name that alerts need, before anything happened", () =>
  withApi({}, async ({ app }) => {
    const { body } = await app.inject({ url: "/metrics" })
    const expected: Record<string, number> = {
      'audit_chain_verification_status{log="example.com/test"}': -1,
      'audit_chain_verification_last_run_timestamp_seconds{log="example.com/test"}': 0,
      'audit_storage_errors_total{tier="journal"}': 0,
      'audit_storage_errors_total{tier="segment"}': 0,
      'audit_events_total{verb="get",resource="secrets",code="200",actor_kind="human"}': 0,
      audit_metrics_series_dropped_total: 0,
      tallystick_received_total: 0,
      tallystick_acked_total: 0,
      tallystick_duplicate_total: 0,
      'tallystick_quarantined_total{code="notEvent"}': 0,
      tallystick_fsync_seconds_count: 0,
      tallystick_ack_seconds_count: 0,
      tallystick_in_flight_bytes: 0,
      tallystick_unsealed_records: 0,
    }
    for (const [series, value] of Object.entries(expected))
      assert.equal(seriesOf(body, series), value, series)
  }))

test("/metrics counts what came in", () =>
  withApi({}, async ({ app, deps }) => {
    await app.inject({ method: "POST", url: "/audit/prod-1", payload: LIST })
    await app.inject({ method: "POST", url: "/audit/prod-1", payload: "hello" })
    await app.inject({ method: "POST", url: "/audit", payload: "[]" })
    await app.inject({ url: "/nope" })
    deps.metrics.verification(1, 5_000_000)
    const { body } = await app.inject({ url: "/metrics" })
    const expected: Record<string, number> = {
      tallystick_received_total: 3,
      tallystick_acked_total: 3,
      tallystick_received_bodies_total: 3,
      tallystick_received_bytes_total: LIST.length + 7,
      tallystick_empty_bodies_total: 1,
      'tallystick_quarantined_total{code="notEvent"}': 1,
      'tallystick_quarantined_total{code="syntax"}': 1,
      'audit_events_total{verb="get",resource="none",code="none",actor_kind="anonymous"}': 1,
      'audit_last_event_timestamp{source="prod-1"}': 1_767_323_045.000006,
      'audit_last_event_timestamp_seconds{source="prod-1"}': 1_767_323_045.000006,
      'audit_chain_verification_status{log="example.com/test"}': 1,
      'audit_chain_verification_last_run_timestamp_seconds{log="example.com/test"}': 5,
      'tallystick_http_requests_total{route="/audit/*",method="POST",status="200"}': 1,
      'tallystick_http_requests_total{route="/audit/*",method="POST",status="400"}': 1,
      'tallystick_http_requests_total{route="__other__",method="GET",status="404"}': 1,
    }
    for (const [series, value] of Object.entries(expected))
      assert.equal(seriesOf(body, series), value, series)
  }))

test("sources are labels, so there is an end to them", () =>
  withApi({}, async ({ app }) => {
    for (let i = 0; i < 600; i++) await app.inject({ method: "POST", url: `/audit/s${i}`, payload: EVENT })
    const { body } = await app.inject({ url: "/metrics" })
    const sources = body.split("\n").filter((line) => line.startsWith("audit_last_event_timestamp{"))
    assert.equal(sources.length, 501)
    assert.ok(seriesOf(body, 'audit_last_event_timestamp{source="__other__"}'))
  }))

test("/openapi.json lists every route with the methods it takes, and no other", () =>
  withApi({}, async ({ app, routes }) => {
    const { openapi, paths } = (await app.inject({ url: "/openapi.json" })).json()
    assert.equal(openapi, "3.1.0")
    const listed = Object.entries<object>(paths).map(
      ([path, methods]) => `${path.replace("{*}", "*")} ${Object.keys(methods).sort()}`,
    )
    // HEAD is GET without its body, and no method of its own in the description.
    const taken = routes.map(({ url, methods }) => {
      const told = methods.map((method) => method.toLowerCase()).filter((method) => method !== "head")
      return `${url.replace(/:(\w+)/, "{$1}")} ${told.sort()}`
    })
    assert.deepEqual(listed.sort(), taken.sort())
    assert.ok(taken.includes("/select/logsql/query get,post"))
  }))

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly summary?: string
  readonly responses: { readonly default?: object }
  readonly security?: object
}

/** Every object of a document, with where it stands. */
function* objectsOf(
  value: unknown,
  place: readonly string[] = [],
): Generator<[place: string, found: Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) yield [place.join("/"), value as Record<string, unknown>]
  for (const [name, inner] of Object.entries(value)) yield* objectsOf(inner, [...place, name])
}

test("/openapi.json is OpenAPI 3.1: its schemas are of JSON Schema 2020-12, and paths have the parameters they name", () =>
  withApi({}, async ({ app }) => {
    const document = (await app.inject({ url: "/openapi.json" })).json()
    for (const [place, found] of objectsOf(document)) {
      assert.ok(
        !Array.isArray(found.items),
        `${place}: a list of items was the word of drafts before 2020-12`,
      )
      if (found.in === "path") assert.equal(found.required, true, place)
    }
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
      for (const [method, operation] of Object.entries(methods)) {
        const { parameters = [] } = operation
        const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)
        assert.deepEqual(inPath, named, `${method} ${path}`)
        const keys = parameters.map(({ name, in: where }) => `${where} ${name}`)
        assert.equal(new Set(keys).size, keys.length, `${method} ${path}: no parameter twice`)
        assert.ok(operation.summary, `${method} ${path} says what it does`)
        assert.ok(operation.responses.default, `${method} ${path} says how it says no`)
        assert.ok(operation.security, `${method} ${path} says who may`)
      }
    }
    const names = (path: string) =>
      document.paths[path].post.parameters.map(({ name }: { name: string }) => name)
    assert.ok(names("/insert/jsonline").includes("_stream_fields"))
    assert.ok(names("/import").includes("id"))
    assert.ok(names("/select/logsql/field_values").includes("ignore_pipes"))
  }))
