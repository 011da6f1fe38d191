import assert from "node:assert/strict"
import { test } from "node:test"
import { type ApiDeps, CredentialTable } from "../../src/api/index.ts"
import { Refusal } from "../../src/base/refusal.ts"
import { searchOf, seriesOf, startApi, type TestApi } from "../support/api.ts"

/** Routes by inject: no socket. What needs one is in http-*.test.ts. */

const EVENT = '{"auditID":"a","stage":"RequestReceived","verb":"get","level":"Metadata"}'
const LIST = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${EVENT},{"x":1}]}\n`
const TOKENS = {
  writer: "writer-token-0123456789",
  reader: "reader-token-0123456789",
  scraper: "scraper-token-012345",
  password: "edge:password:ü",
}

async function withApi(
  changes: Parameters<typeof startApi>[0],
  act: (api: TestApi) => Promise<void>,
): Promise<void> {
  const api = await startApi(changes)
  try {
    await act(api)
  } finally {
    await api.close()
  }
}

function someCredentials(): Promise<CredentialTable> {
  return CredentialTable.open(
    [
      { name: "prod", source: "prod-1", verbs: ["write"], tokenFile: "writer" },
      { name: "auditor", verbs: ["read"], tokenFile: "reader" },
      { name: "prometheus", verbs: ["metrics"], tokenFile: "scraper" },
      {
        name: "collector",
        source: "edge",
        verbs: ["write"],
        basic: { user: "edge", passwordFile: "password" },
      },
    ],
    async (path) => TOKENS[path as keyof typeof TOKENS],
  )
}

type Case = {
  readonly why: string
  readonly method?: "GET" | "POST" | "PUT" | "HEAD" | "DELETE"
  readonly url: string
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly payload?: string | Buffer
  readonly status: number
  readonly code?: string
  readonly sources?: readonly string[]
}

const answers: readonly Case[] = [
  {
    why: "a list is durable",
    url: "/audit/prod-1?timeout=30s",
    payload: LIST,
    status: 200,
    sources: ["prod-1", "prod-1"],
  },
  { why: "a single event is durable", url: "/audit/a/b", payload: EVENT, status: 200, sources: ["a/b"] },
  {
    why: "JSON lines are durable",
    url: "/audit/a",
    payload: `${EVENT}\n${EVENT}\n`,
    status: 200,
    sources: ["a", "a"],
  },
  {
    why: "no path means the anonymous source",
    url: "/audit",
    payload: EVENT,
    status: 200,
    sources: ["local"],
  },
  { why: "a slash at the end is no path", url: "/audit/", payload: EVENT, status: 200, sources: ["local"] },
  {
    why: "an empty list is understood, and holds nothing",
    url: "/audit",
    payload: '{"kind":"EventList","items":[]}',
    status: 200,
    sources: [],
  },
  {
    why: "the content type does not matter",
    url: "/audit",
    headers: { "content-type": "text/;;x" },
    payload: EVENT,
    status: 200,
    sources: ["local"],
  },
  {
    why: "a path may be percent-encoded",
    url: "/audit/prod%2d1",
    payload: EVENT,
    status: 200,
    sources: ["prod-1"],
  },
  {
    why: "what is not JSON is kept and refused",
    url: "/audit/x",
    payload: "hello",
    status: 400,
    code: "event.notJson",
    sources: ["x"],
  },
  {
    why: "nothing at all is refused and not kept",
    url: "/audit/x",
    payload: "",
    status: 400,
    code: "event.notJson",
    sources: [],
  },
  {
    why: "the ledger's own name is refused",
    url: "/audit/tallystick",
    payload: EVENT,
    status: 400,
    code: "source.reserved",
    sources: [],
  },
  {
    why: "what is no source is refused",
    url: "/audit/a%20b",
    payload: EVENT,
    status: 400,
    code: "source.malformed",
    sources: [],
  },
  {
    why: "a way up is refused",
    url: "/audit/a%2f..%2fb",
    payload: EVENT,
    status: 400,
    code: "source.malformed",
    sources: [],
  },
  {
    why: "an unknown encoding is refused",
    url: "/audit",
    headers: { "content-encoding": "br" },
    payload: EVENT,
    status: 415,
    code: "body.encoding",
    sources: [],
  },
  {
    why: "GET of the intake says what it takes",
    method: "GET",
    url: "/audit",
    status: 405,
    code: "http.methodNotAllowed",
  },
  {
    why: "PUT with a path too",
    method: "PUT",
    url: "/audit/a",
    payload: EVENT,
    status: 405,
    code: "http.methodNotAllowed",
    sources: [],
  },
  { why: "an unknown path", method: "GET", url: "/nope", status: 404, code: "http.notFound" },
  {
    why: "an unknown path with a body",
    url: "/api/v1/events",
    payload: EVENT,
    status: 404,
    code: "http.notFound",
    sources: [],
  },
  { why: "a path that is no UTF-8", method: "GET", url: "/%ff", status: 400, code: "http.malformed" },
  { why: "the process lives", method: "GET", url: "/healthz", status: 200 },
  { why: "HEAD for simple probes", method: "HEAD", url: "/healthz", status: 200 },
  { why: "HEAD of a query would run it", method: "HEAD", url: "/select/logsql/query?query=x", status: 405 },
  {
    why: "a tile that is not there yet",
    method: "GET",
    url: "/log/tile/0/000",
    status: 404,
    code: "tile.missing",
  },
  {
    why: "a page of somebody else sends",
    url: "/audit",
    headers: { origin: "https://evil.example" },
    payload: EVENT,
    status: 403,
    code: "auth.crossSite",
    sources: [],
  },
  {
    why: "a name of somebody else resolves here",
    method: "GET",
    url: "/log/checkpoint",
    headers: { host: "evil.example:9628" },
    status: 403,
    code: "auth.crossSite",
  },
  {
    why: "our own page",
    method: "GET",
    url: "/log/checkpoint",
    headers: { host: "127.0.0.1:9628", origin: "http://127.0.0.1:9628" },
    status: 200,
  },
]

async function ask({ app }: TestApi, { method = "POST", url, token, headers, payload }: Case) {
  const authorization =
    token === undefined ? {} : { authorization: token.includes(" ") ? token : `Bearer ${token}` }
  return app.inject({
    method,
    url,
    headers: { ...headers, ...authorization },
    ...(payload === undefined ? {} : { payload }),
  })
}

async function check(api: TestApi, each: Case): Promise<void> {
  const answer = await ask(api, each)
  assert.equal(answer.statusCode, each.status, answer.body)
  if (each.sources !== undefined)
    assert.deepEqual(
      api.journal.records.map(({ source }) => source),
      each.sources,
    )
  if (each.code === undefined) return
  assert.equal(answer.headers["content-type"], "application/problem+json; charset=utf-8")
  const problem = answer.json()
  assert.equal(problem.code, each.code)
  assert.equal(problem.status, each.status)
  assert.equal(problem.type, `urn:tallystick:refusal:${each.code}`)
  assert.deepEqual(Object.keys(problem).sort(), [
    "code",
    "detail",
    "facts",
    "hint",
    "status",
    "title",
    "type",
  ])
}

for (const each of answers) test(`${each.status}: ${each.why}`, () => withApi({}, (api) => check(api, each)))

const { writer, reader, scraper } = TOKENS
const rights: readonly Case[] = [
  { why: "nobody", url: "/audit", payload: EVENT, status: 401, code: "auth.required", sources: [] },
  {
    why: "a wrong token",
    url: "/audit",
    token: "wrong",
    payload: EVENT,
    status: 401,
    code: "auth.refused",
    sources: [],
  },
  {
    why: "another scheme",
    url: "/audit",
    token: "Digest x",
    payload: EVENT,
    status: 401,
    code: "auth.refused",
    sources: [],
  },
  {
    why: "a wrong password",
    url: "/audit",
    token: "Basic YTpi",
    payload: EVENT,
    status: 401,
    code: "auth.refused",
    sources: [],
  },
  {
    why: "basic credentials without a colon",
    url: "/audit",
    token: "Basic YQ==",
    payload: EVENT,
    status: 401,
    code: "auth.refused",
    sources: [],
  },
  {
    why: "a header of 10 kB",
    url: "/audit",
    token: "x".repeat(10_000),
    payload: EVENT,
    status: 401,
    code: "auth.refused",
    sources: [],
  },
  {
    why: "who may only read",
    url: "/audit",
    token: reader,
    payload: EVENT,
    status: 403,
    code: "auth.forbidden",
    sources: [],
  },
  {
    why: "the writer's own source",
    url: "/audit",
    token: writer,
    payload: EVENT,
    status: 200,
    sources: ["prod-1"],
  },
  {
    why: "user and password, UTF-8 and colons in it",
    url: "/audit",
    token: `Basic ${Buffer.from(`edge:${TOKENS.password}`).toString("base64")}`,
    payload: EVENT,
    status: 200,
    sources: ["edge"],
  },
  {
    why: "narrowed by the path",
    url: "/audit/apiserver-0",
    token: writer,
    payload: EVENT,
    status: 200,
    sources: ["prod-1/apiserver-0"],
  },
  {
    why: "said again by the path",
    url: "/audit/prod-1/apiserver-0",
    token: writer,
    payload: EVENT,
    status: 200,
    sources: ["prod-1/apiserver-0"],
  },
  {
    why: "never another one's",
    url: "/audit/prod-2",
    token: writer,
    payload: EVENT,
    status: 200,
    sources: ["prod-1/prod-2"],
  },
  {
    why: "the scheme in any case",
    url: "/audit",
    token: `bearer ${writer}`,
    payload: EVENT,
    status: 200,
    sources: ["prod-1"],
  },
  {
    why: "who may only write asks",
    method: "GET",
    url: "/select/logsql/query?query=x",
    token: writer,
    status: 403,
  },
  {
    why: "who may read asks",
    method: "GET",
    url: "/select/logsql/query?query=x",
    token: reader,
    status: 200,
  },
  { why: "metrics without anything", method: "GET", url: "/metrics", status: 401, code: "auth.required" },
  { why: "metrics for Prometheus", method: "GET", url: "/metrics", token: scraper, status: 200 },
  { why: "metrics for who may read", method: "GET", url: "/metrics", token: reader, status: 200 },
  {
    why: "metrics not for who may write",
    method: "GET",
    url: "/metrics",
    token: writer,
    status: 403,
    code: "auth.forbidden",
  },
  { why: "the log for anybody known", method: "GET", url: "/log/checkpoint", token: scraper, status: 200 },
  {
    why: "the log not for strangers",
    method: "GET",
    url: "/log/checkpoint",
    status: 401,
    code: "auth.required",
  },
  { why: "probes have no credentials", method: "GET", url: "/healthz", status: 200 },
  { why: "neither for readiness", method: "GET", url: "/readyz", status: 200 },
  {
    why: "with credentials a browser may come from anywhere",
    method: "GET",
    url: "/log/checkpoint",
    token: reader,
    headers: { origin: "https://ui.example" },
    status: 200,
  },
]
for (const each of rights) {
  test(`rights, ${each.status}: ${each.why}`, async () => {
    await withApi({ credentials: await someCredentials() }, (api) => check(api, each))
  })
}

test("who is refused is counted, by reason", async () => {
  await withApi({ credentials: await someCredentials() }, async (api) => {
    for (const token of [undefined, "wrong", "Basic YTpi", reader]) {
      await ask(api, {
        why: "",
        url: "/audit",
        payload: EVENT,
        status: 0,
        ...(token === undefined ? {} : { token }),
      })
    }
    const { body } = await ask(api, { why: "", method: "GET", url: "/metrics", token: scraper, status: 200 })
    for (const [reason, count] of Object.entries({
      none: 1,
      token: 1,
      password: 1,
      verb: 1,
      certificate: 0,
    })) {
      assert.equal(seriesOf(body, `tallystick_auth_refused_total{reason="${reason}"}`), count, reason)
    }
  })
})

test("200 is empty: nothing a sender could stumble over", () =>
  withApi({}, async ({ app }) => {
    const answer = await app.inject({ method: "POST", url: "/audit", payload: LIST })
    assert.equal(answer.body, "")
    assert.equal(answer.headers["content-length"], "0")
    assert.equal(answer.headers["content-type"], undefined)
    assert.equal(answer.headers.location, undefined)
  }))

test("200 comes only after the batch is durable", () =>
  withApi({}, async ({ app, journal }) => {
    const release = journal.hold()
    const arrival = journal.arrival()
    let answered = false
    const posting = app.inject({ method: "POST", url: "/audit", payload: LIST }).then((answer) => {
      answered = true
      return answer
    })
    await arrival
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(answered, false)
    release()
    assert.equal((await posting).statusCode, 200)
  }))

test("not durable now: 503, Retry-After, and not a word about the inside", () =>
  withApi({}, async ({ app, journal }) => {
    journal.full = true
    const answer = await app.inject({ method: "POST", url: "/audit", payload: LIST })
    assert.equal(answer.statusCode, 503)
    assert.equal(answer.headers["retry-after"], "3")
    assert.ok(!answer.body.includes("secret-path"), answer.body)
    journal.full = false
    assert.equal((await app.inject({ method: "POST", url: "/audit", payload: LIST })).statusCode, 200)
  }))

test("a bug is 500 without its message, and is told to the log", () =>
  withApi(
    {
      deliver: async () => {
        throw new TypeError("cannot read /etc/shadow")
      },
    },
    async ({ app, troubles }) => {
      const answer = await app.inject({ method: "POST", url: "/audit", payload: LIST })
      assert.equal(answer.statusCode, 500)
      assert.equal(answer.json().code, "http.internal")
      assert.ok(!answer.body.includes("shadow"))
      assert.equal(troubles.length, 1)
    },
  ))

test("405 says what there is", () =>
  withApi({}, async ({ app }) => {
    assert.equal((await app.inject({ method: "GET", url: "/audit" })).headers.allow, "POST")
    assert.equal((await app.inject({ method: "PUT", url: "/healthz" })).headers.allow, "GET, HEAD")
  }))

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
      assert.equal(answer.headers["content-type"], "application/stream+json; charset=utf-8")
      assert.equal(answer.body, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""))
      assert.deepEqual(answer.trailers, { "tallystick-answer": "whole" })
      assert.deepEqual(asked, [{ by: "anonymous", text: "verb:get", rows: 2, outcome: "whole" }])
    },
  )
})

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

test("/openapi.json lists every route, and no other", () =>
  withApi({}, async ({ app }) => {
    const { openapi, paths } = (await app.inject({ url: "/openapi.json" })).json()
    assert.equal(openapi, "3.1.0")
    const listed = Object.entries<object>(paths).map(
      ([path, methods]) => `${Object.keys(methods).join(",")} ${path}`,
    )
    assert.deepEqual(listed.sort(), [
      "get /healthz",
      "get /log/checkpoint",
      "get /log/tile/{*}",
      "get /metrics",
      "get /openapi.json",
      "get /readyz",
      "get,post /select/logsql/query",
      "post /audit",
      "post /audit/{*}",
    ])
  }))

test("limits under which a body would never fit are refused at the start", () =>
  assert.rejects(startApi({ small: { inFlightBytesMax: 64 * 1024 * 1024 } }), { code: "intake.limits" }))

test("exposed without credentials it does not even start", async () => {
  await assert.rejects(startApi({ listen: { address: "0.0.0.0", port: 0, insecure: false } }), {
    code: "listen.exposed",
  })
  await (await startApi({ listen: { address: "0.0.0.0", port: 0, insecure: true } })).close()
})
