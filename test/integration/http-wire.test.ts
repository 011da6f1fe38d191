import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { Agent, get, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { test } from "node:test"
import { deflateSync, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib"
import { type ApiDeps, CredentialTable, type QueryMessage } from "../../src/api/index.ts"
import { seriesOf, startApi, type TestApi } from "../support/api.ts"
import { post, Wire } from "../support/wire.ts"

/** What a sender sees on a real connection: recorded traffic, encodings, limits, slowness, leaving in the middle. */

const EVENT = '{"auditID":"a","stage":"RequestReceived"}'
const REAL = join(import.meta.dirname, "../fixtures/real")
const recorded = (name: string) =>
  gunzipSync(readFileSync(join(REAL, name)))
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line) as {
          readonly uri: string
          readonly headers: Record<string, string>
          readonly body: string
        },
    )

type Listening = TestApi & { readonly port: number }

async function listening(
  changes: Parameters<typeof startApi>[0],
  act: (api: Listening) => Promise<void>,
): Promise<void> {
  const api = await startApi(changes)
  await api.listen()
  try {
    await act({ ...api, port: (api.app.server.address() as AddressInfo).port })
  } finally {
    await api.close(0)
  }
}

const inFlight = async ({ deps }: Listening) =>
  seriesOf(await deps.metrics.text(), "tallystick_in_flight_bytes")

for (const name of ["own-1.20.2-webhook-posts.jsonl.gz", "own-1.20.2-webhook-retries-on-500.jsonl.gz"]) {
  test(`recorded requests of a real API server go in byte-exact: ${name}`, () =>
    listening({}, async ({ port, journal }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      let kept = 0
      for (const { uri, headers, body } of recorded(name)) {
        const answer = await post(port, `${uri}?timeout=30s`, body, { headers, agent })
        assert.deepEqual([answer.status, answer.body], [200, ""])
        // Not our own slicer's word: between "items":[ and ]} the items stand joined by commas.
        const records = journal.records.slice(kept)
        kept = journal.records.length
        const items = records.map(({ body: item }) => Buffer.from(item).toString("utf8"))
        assert.ok(body.endsWith(`"items":[${items.join(",")}]}\n`))
        assert.ok(records.length > 0)
        for (const { source, kind, words } of records) {
          assert.deepEqual([source, kind, words], [uri.slice("/audit/".length), "k8s.audit", []])
        }
      }
      agent.destroy()
    }))
}

const LIST = `{"items":[${Array(400).fill(EVENT).join(",")}]}`
const encodings: [encoding: string, body: Buffer][] = [
  ["gzip", gzipSync(LIST)],
  ["deflate", deflateSync(LIST)],
  ["zstd", zstdCompressSync(LIST)],
]
for (const [encoding, body] of encodings) {
  test(`a body may be ${encoding}`, () =>
    listening({}, async ({ port, journal }) => {
      assert.equal(
        (await post(port, "/audit/a", body, { headers: { "content-encoding": encoding } })).status,
        200,
      )
      assert.deepEqual(journal.texts(), Array(400).fill(EVENT))
    }))
}

test("a body in chunks, without a length", () =>
  listening({}, async ({ port, journal }) => {
    const wire = await Wire.open(port)
    wire.send("POST /audit/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    for (const piece of EVENT.match(/.{1,7}/g) ?? [])
      wire.send(`${piece.length.toString(16)}\r\n${piece}\r\n`)
    assert.match(await wire.send("0\r\n\r\n").until(/\r\n\r\n/), /^HTTP\/1\.1 200 OK\r\n/)
    assert.deepEqual(journal.texts(), [EVENT])
    wire.socket.destroy()
  }))

const small = { bodyBytesMax: 200_000, inFlightBytesMax: 2_000_000 }
const bombs: [why: string, headers: Record<string, string>, body: Buffer][] = [
  ["50 MB in 50 kB of gzip", { "content-encoding": "gzip" }, gzipSync(Buffer.alloc(50_000_000, " "))],
  ["50 MB in 2 kB of zstd", { "content-encoding": "zstd" }, zstdCompressSync(Buffer.alloc(50_000_000, " "))],
  [
    "50 MB in 50 kB of deflate",
    { "content-encoding": "deflate" },
    deflateSync(Buffer.alloc(50_000_000, " ")),
  ],
  ["300 kB with their length", {}, Buffer.alloc(300_000, " ")],
  ["300 kB in chunks", { "transfer-encoding": "chunked" }, Buffer.alloc(300_000, " ")],
]
for (const [why, headers, body] of bombs) {
  test(`over the limit: ${why} is 413 and a loss, and the connection goes on`, () =>
    listening({ small }, async (api) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const answer = await post(api.port, "/audit/prod-1", body, { headers, agent })
      assert.equal(answer.status, 413)
      assert.equal(JSON.parse(answer.body).code, "body.tooLarge")
      assert.equal(api.losses.length, 1)
      assert.equal(api.losses[0]?.source, "prod-1")
      assert.ok((api.losses[0]?.bytesSeen ?? 0) > small.bodyBytesMax)
      assert.equal(await inFlight(api), 0)
      assert.equal((await post(api.port, "/audit/prod-1", EVENT, { agent })).status, 200)
      assert.equal(seriesOf(await api.deps.metrics.text(), "tallystick_lost_bodies_total"), 1)
      agent.destroy()
    }))
}

test("not durable now: the body is read to its end, and the same connection carries the next try", () =>
  listening({}, async ({ port, journal }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    journal.full = true
    const refused = await post(port, "/audit", `[${EVENT}${" ".repeat(3_000_000)}]`, { agent })
    assert.deepEqual(
      [refused.status, refused.headers["retry-after"], refused.headers.connection],
      [503, "3", "keep-alive"],
    )
    journal.full = false
    assert.equal((await post(port, "/audit", EVENT, { agent })).status, 200)
    agent.destroy()
  }))

test("one loud sender cannot starve another: it hears 503 and the quiet one is served", async () => {
  const tokens = { loud: "loud-token-0123456789", quiet: "quiet-token-0123456789" }
  const credentials = await CredentialTable.open(
    [
      { name: "loud", source: "loud", verbs: ["write"], tokenFile: "loud" },
      { name: "quiet", source: "quiet", verbs: ["write"], tokenFile: "quiet" },
    ],
    async (path) => tokens[path as keyof typeof tokens],
  )
  await listening({ credentials, small }, async (api) => {
    const { port, journal } = api
    const body = `[${EVENT}${" ".repeat(100_000)}]`
    const as = (name: "loud" | "quiet") => ({ headers: { authorization: `Bearer ${tokens[name]}` } })
    const release = journal.hold() // the disk is slow: what is taken stays in memory
    // Many sources below one credential are one sender still.
    const loud = Array.from({ length: 30 }, (_, i) => post(port, `/audit/${i}`, body, as("loud")))
    const refused = new Promise<void>((resolve) => {
      let count = 0
      for (const each of loud) each.then(({ status }) => status === 503 && ++count === 21 && resolve())
    })
    await refused // 9 of 30 bodies of 100 kB and 4 kB each are half of 2 MB; all others are refused at once
    const arrival = journal.arrival()
    const quiet = post(port, "/audit", body, as("quiet"))
    await arrival
    release()
    assert.equal((await quiet).status, 200)
    const statuses = (await Promise.all(loud)).map(
      ({ status, headers }) => `${status} ${headers["retry-after"] ?? ""}`,
    )
    assert.equal(statuses.filter((status) => status === "200 ").length, 9)
    assert.equal(statuses.filter((status) => status === "503 3").length, 21)
    assert.equal(await inFlight(api), 0)
  })
})

const HEAD = "POST /audit/a HTTP/1.1\r\nHost: localhost\r\n"

test("a body that does not come is 408, and the connection ends", () =>
  listening({ small: { requestTimeoutMs: 50 } }, async (api) => {
    const wire = await Wire.open(api.port)
    wire.send(`${HEAD}Content-Length: 100\r\n\r\n{`)
    const text = await wire.closed()
    assert.match(text, /^HTTP\/1\.1 408 /)
    assert.match(text, /"code":"body\.slow"/)
    assert.equal(await inFlight(api), 0)
  }))

test("a head that does not come is 408 too", () =>
  listening({ small: { headTimeoutMs: 60 } }, async ({ port }) => {
    const wire = await Wire.open(port)
    assert.match(await wire.send("POST /audit HTTP/1.1\r\nHost: lo").closed(), /^HTTP\/1\.1 408 /)
  }))

test("an idle connection ends", () =>
  listening({ small: { idleTimeoutMs: 30 } }, async ({ port }) => {
    const wire = await Wire.open(port)
    wire.send(`${HEAD}Content-Length: ${EVENT.length}\r\n\r\n${EVENT}`)
    assert.match(await wire.closed(), /^HTTP\/1\.1 200 OK/)
  }))

test("who leaves in the middle leaves nothing behind", () =>
  listening({}, async (api) => {
    const wire = await Wire.open(api.port)
    wire.send(`${HEAD}Content-Length: 1000000\r\n\r\n[${EVENT},`)
    while (!(await inFlight(api))) await new Promise((resolve) => setImmediate(resolve))
    wire.socket.destroy()
    while (await inFlight(api)) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(api.journal.records.length, 0)
  }))

test("Expect: 100-continue: the body is invited only when it is wanted", async () => {
  const credentials = await CredentialTable.open(
    [{ name: "a", source: "a", verbs: ["write"], tokenFile: "t" }],
    async () => "a-token-0123456789",
  )
  await listening({ credentials, small }, async ({ port, journal }) => {
    const head = `${HEAD}Expect: 100-continue\r\n`
    const token = "Authorization: Bearer a-token-0123456789\r\n"
    const invited = await Wire.open(port)
    invited.send(`${head}${token}Content-Length: ${EVENT.length}\r\n\r\n`)
    assert.equal(await invited.until(/\r\n\r\n/), "HTTP/1.1 100 Continue\r\n\r\n")
    assert.match(await invited.send(EVENT).until(/ 200 OK[\s\S]*\r\n\r\n/), / 200 OK/)
    assert.deepEqual(journal.texts(), [EVENT])
    invited.socket.destroy()
    for (const [why, lines, status] of [
      ["a stranger", "Content-Length: 10\r\n", 401],
      ["too large", `${token}Content-Length: 300000\r\n`, 413],
    ] as const) {
      const refused = await Wire.open(port)
      const text = await refused.send(`${head}${lines}\r\n`).closed()
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), why)
    }
  })
})

test("a stranger's body is not kept in memory, and it still hears 401", async () => {
  const credentials = await CredentialTable.open(
    [{ name: "a", source: "a", verbs: ["write"], tokenFile: "t" }],
    async () => "a-token-0123456789",
  )
  await listening({ credentials }, async ({ port }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const one = await post(port, "/audit", Buffer.alloc(2_000_000), { agent })
    assert.deepEqual([one.status, one.headers.connection], [401, "keep-alive"])
    agent.destroy()
    // More than is read for an answer's sake: the connection closes after it.
    const wire = await Wire.open(port)
    wire.send(`${HEAD}Content-Length: 100000000\r\n\r\n`)
    assert.match(await wire.closed(), /^HTTP\/1\.1 401 [\s\S]*connection: close/i)
  })
})

test("who is answered before its body came does not keep the connection with the rest", () =>
  listening({}, async ({ port }) => {
    const wire = await Wire.open(port)
    wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
    assert.match(await wire.closed(), /^HTTP\/1\.1 200 [\s\S]*connection: close/i)
  }))

test("one address has only so many connections", () =>
  listening({ small: { connectionsPerAddressMax: 2 } }, async ({ port, deps }) => {
    const wires = [await Wire.open(port), await Wire.open(port)]
    const third = await Wire.open(port)
    assert.equal(await third.closed(), "")
    const text = await deps.metrics.text()
    assert.equal(seriesOf(text, 'tallystick_connections_refused_total{limit="address"}'), 1)
    assert.match(
      await (wires[0] as Wire).send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").until(/ok/),
      /200 OK/,
    )
    for (const { socket } of wires) socket.destroy()
  }))

test("all together have only so many", () =>
  listening({ small: { connectionsMax: 1 } }, async ({ port, deps }) => {
    const first = await Wire.open(port)
    await (await Wire.open(port)).closed()
    assert.equal(seriesOf(await deps.metrics.text(), 'tallystick_connections_refused_total{limit="all"}'), 1)
    first.socket.destroy()
  }))

const malformed: [why: string, text: string, status: number][] = [
  ["not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  ["two lengths", `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
  ["a length and chunks", `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ["a length that is no number", `${HEAD}Content-Length: 1e9\r\n\r\n`, 400],
  ["no host", "POST /audit HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400],
  ["a head of 100 kB", `${HEAD}X: ${"x".repeat(100_000)}\r\n\r\n`, 400],
]
for (const [why, text, status] of malformed) {
  test(`not a request: ${why}`, () =>
    listening({}, async ({ port, journal }) => {
      const wire = await Wire.open(port)
      assert.match(
        await wire.send(Buffer.from(text, "latin1")).closed(),
        new RegExp(`^HTTP/1\\.1 ${status} `),
      )
      assert.equal(journal.records.length, 0)
    }))
}

function ask(port: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/select/logsql/query?query=x", agent: false }, resolve).on(
      "error",
      reject,
    )
  })
}

/** Answers rows until somebody stops it. */
function endless(): ApiDeps["search"] & { produced: number; stopped: Promise<void> } {
  let told: () => void
  const row = { _msg: "x".repeat(1000) }
  const search = {
    produced: 0,
    stopped: new Promise<void>((resolve) => {
      told = resolve
    }),
    async *query(_request: unknown, stop: AbortSignal): AsyncGenerator<QueryMessage> {
      stop.addEventListener("abort", () => told())
      while (!stop.aborted) {
        search.produced++
        yield { kind: "rows", rows: Array(100).fill(row) }
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    file: () => assert.fail("rows were to be asked for"),
  }
  return search
}

test("a client that does not read holds the search back; one that leaves stops it", async () => {
  const search = endless()
  const asked: string[] = []
  await listening({ search, onQuery: ({ outcome }) => asked.push(outcome) }, async ({ port }) => {
    const response = await ask(port)
    response.pause()
    let before = -1
    for (let still = 0; still < 20; ) {
      await new Promise((resolve) => setImmediate(resolve))
      still = search.produced === before ? still + 1 : 0
      before = search.produced
    }
    assert.ok(search.produced < 1000, `${search.produced} times 100 kB`)
    response.destroy()
    await search.stopped
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(asked, ["left"])
  })
})

test("a live tail that nobody reads asks for no more, and events are taken all the same", async () => {
  let looks = 0
  const rows = Array(1_000).fill({ _msg: "x".repeat(1000) })
  const search: ApiDeps["search"] = {
    async *query() {
      looks++
      yield { kind: "rows", rows }
      yield { kind: "rows", rows }
      yield { kind: "end", rows: 2_000, next: String(looks) }
    },
    file: () => assert.fail("rows were to be asked for"),
  }
  await listening({ search }, async ({ port, journal }) => {
    const tail = await new Promise<IncomingMessage>((resolve) =>
      get({ host: "127.0.0.1", port, path: "/select/logsql/tail?query=*", agent: false }, resolve),
    )
    tail.pause()
    let before = -1
    for (let still = 0; still < 20; ) {
      await new Promise((resolve) => setImmediate(resolve))
      still = looks === before ? still + 1 : 0
      before = looks
    }
    assert.ok(looks < 100, `${looks} times 2 MB`)
    const posted = await fetch(`http://127.0.0.1:${port}/audit`, { method: "POST", body: '{"auditID":"a"}' })
    assert.equal(posted.status, 200)
    assert.equal(journal.records.length, 1)
    tail.destroy()
  })
})

test("a live tail ends with the server, and says so", async () => {
  const search: ApiDeps["search"] = {
    async *query() {
      yield { kind: "end", rows: 0, next: "0" }
    },
    file: () => assert.fail("rows were to be asked for"),
  }
  let text = ""
  let ended: Promise<unknown> = Promise.resolve()
  await listening({ search }, async ({ port }) => {
    const tail = await new Promise<IncomingMessage>((resolve) =>
      get({ host: "127.0.0.1", port, path: "/select/logsql/tail?query=*", agent: false }, resolve),
    )
    tail.on("data", (chunk) => {
      text += chunk
    })
    ended = new Promise((resolve) => tail.once("end", resolve))
  })
  await ended
  assert.equal(JSON.parse(text)._partial, "the server stops")
})

test("a search that breaks in the middle says so in a last line, and HTTP says so too", async () => {
  const search: ApiDeps["search"] = {
    async *query() {
      yield { kind: "rows", rows: [{ a: "1" }] }
      throw new Error("killed: /usr/lib/secret-path")
    },
    file: () => assert.fail("rows were to be asked for"),
  }
  await listening({ search }, async ({ port, troubles }) => {
    const response = await ask(port)
    let text = ""
    await assert.rejects(async () => {
      for await (const chunk of response) text += chunk
    }, /aborted/)
    const [first, last] = text.trimEnd().split("\n")
    assert.equal(first, '{"a":"1"}')
    assert.equal(JSON.parse(last ?? "")._partial, "http.internal")
    assert.ok(!text.includes("secret-path"))
    assert.equal(troubles.length, 1)
  })
})

test("close() lets a request under way become durable, and takes no new ones", () =>
  listening({}, async ({ port, journal, close }) => {
    const release = journal.hold()
    const arrival = journal.arrival()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const underWay = post(port, "/audit", EVENT, { agent })
    await arrival
    const closing = close()
    // Refused as soon as the socket is closed, which is some turns of the loop away.
    for (let open = true; open; ) {
      open = await Wire.open(port).then(
        ({ socket }) => Boolean(socket.destroy()),
        () => false,
      )
    }
    release()
    assert.equal((await underWay).status, 200)
    await closing
    agent.destroy()
  }))

test("close() waits only so long for who does not finish", () =>
  listening({}, async ({ port, close }) => {
    const wire = await Wire.open(port)
    wire.send(`${HEAD}Content-Length: 100\r\n\r\n{`)
    await wire.send("").until(/^$/)
    await close(20)
    await wire.closed()
  }))
