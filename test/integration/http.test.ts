import assert from "node:assert/strict"
import { test } from "node:test"
import { CredentialTable } from "../../src/api/index.ts"
import { seriesOf, startApi, type TestApi, withApi } from "../support/api.ts"

/** Routes by inject: no socket. What needs one is in http-*.test.ts. */

const EVENT = '{"auditID":"a","stage":"RequestReceived","verb":"get","level":"Metadata"}'
const LIST = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${EVENT},{"x":1}]}\n`
const TOKENS = {
  writer: "writer-token-0123456789",
  reader: "reader-token-0123456789",
  scraper: "scraper-token-012345",
  password: "edge:password:ü",
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

test("limits under which a body would never fit are refused at the start", () =>
  assert.rejects(startApi({ small: { inFlightBytesMax: 64 * 1024 * 1024 } }), { code: "intake.limits" }))

test("exposed without credentials it does not even start", async () => {
  await assert.rejects(startApi({ listen: { address: "0.0.0.0", port: 0, insecure: false } }), {
    code: "listen.exposed",
  })
  await (await startApi({ listen: { address: "0.0.0.0", port: 0, insecure: true } })).close()
})
