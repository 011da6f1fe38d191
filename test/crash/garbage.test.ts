/** Whatever comes on the ports of a server, while a good sender sends: no loss, no growth, and it is counted. */
import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent as HttpAgent, request as httpRequest } from "node:http"
import { connect as connectHttp2 } from "node:http2"
import { Agent as HttpsAgent, request as httpsRequest } from "node:https"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { connect as connectTls } from "node:tls"
import { seriesOf } from "../support/api.ts"
import { makeAuthority, makeCertificate } from "../support/certificates.ts"
import { seededRandom } from "../support/random.ts"
import { type Server, startServer } from "../support/server.ts"

const ROUNDS = 3
/** Growth of the serving process over all rounds but the first: pages that the allocator keeps, and no more. */
const GROWTH_BYTES_MAX = 64 * 2 ** 20
/** Another address of this machine: limits are by address, and the good sender has one of its own. */
const STRANGER = "127.0.0.66"
const CONNECTIONS_MAX = 64

const crlf = (...lines: string[]) => `${lines.join("\r\n")}\r\n`
const EVENT = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"smuggled","stage":"ResponseComplete","verb":"get"}`
const HIDDEN = crlf("POST /audit/smuggled HTTP/1.1", "Host: x", `Content-Length: ${EVENT.length}`, "", EVENT)

/** Each hides a second request in the body of the first from one of two readers that understand its head differently. */
const SMUGGLING: readonly string[] = [
  crlf(
    "POST /audit HTTP/1.1",
    "Host: x",
    "Content-Length: 4",
    "Transfer-Encoding: chunked",
    "",
    `0\r\n\r\n${HIDDEN}`,
  ),
  crlf(
    "POST /audit HTTP/1.1",
    "Host: x",
    "Content-Length: 0",
    `Content-Length: ${HIDDEN.length}`,
    "",
    HIDDEN,
  ),
  crlf("POST /audit HTTP/1.1", "Host: x", "Content-Length: +0", "", HIDDEN),
  crlf("POST /audit HTTP/1.1", "Host: x", "Transfer-Encoding: xchunked", "", `0\r\n\r\n${HIDDEN}`),
  crlf("POST /audit HTTP/1.1", "Host: x", "Transfer-Encoding : chunked", "", `0\r\n\r\n${HIDDEN}`),
  crlf("POST /audit HTTP/1.1", "Host: x", "Transfer-Encoding: chunked, identity", "", `0\r\n\r\n${HIDDEN}`),
  crlf(
    "POST /audit HTTP/1.1",
    "Host: x",
    "Transfer-Encoding:\tchunked",
    "Content-Length: 3",
    "",
    `0\r\n\r\n${HIDDEN}`,
  ),
  crlf("POST /audit HTTP/1.1", "Host: x", "X: y\n Transfer-Encoding: chunked", "", `0\r\n\r\n${HIDDEN}`),
  crlf("POST /audit HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", `1ffffffffffffffff\r\n${HIDDEN}`),
  crlf(
    "POST /audit HTTP/1.1",
    "Host: x",
    "Transfer-Encoding: chunked",
    "",
    `2;x=\n\r\n{}\r\n0\r\n\r\n${HIDDEN}`,
  ),
  `POST /audit HTTP/1.1\nHost: x\nContent-Length: 0\n\n${HIDDEN}`,
  crlf("GET /healthz HTTP/1.1", "Host: x", `Content-Length: ${HIDDEN.length}`, "", HIDDEN),
  crlf("POST /audit HTTP/1.1", "Host: x", "X: \0", "", HIDDEN),
  crlf("POST /audit HTTP/1.1", "Host: x", "Expect: 100-continue", "Content-Length: 2", "", HIDDEN),
]

const SHAPES: readonly string[] = [
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // half a TLS hello
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "SSH-2.0-OpenSSH_9.9\r\n",
  "\0".repeat(4096),
  `GET /${"x".repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${Array.from({ length: 3_000 }, (_, i) => `X-${i}: ${i}`).join("\r\n")}\r\n\r\n`,
  `GET / HTTP/1.1\r\nCookie: ${"c".repeat(1_000_000)}\r\n\r\n`,
  "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500),
  "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
  `POST /audit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(20_000)}`,
  `POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n`,
]

type Connect = () => Socket

/** Says it and goes away when the other side has answered, or does not listen. */
async function say(open: Connect, bytes: string | Uint8Array): Promise<void> {
  const socket = open()
  socket.on("error", () => undefined)
  socket.resume()
  const closed = new Promise((resolve) => socket.once("close", resolve))
  socket.end(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)
  const late = setTimeout(() => socket.destroy(), 1_000)
  await closed
  clearTimeout(late)
}

function randomBytes(random: () => number): Uint8Array {
  return Uint8Array.from({ length: Math.floor(random() * 20_000) }, () => Math.floor(random() * 256))
}

/** Heads that never end, held open until the round is over. */
async function loris(open: Connect, act: () => Promise<void>): Promise<void> {
  const sockets = Array.from({ length: CONNECTIONS_MAX + 16 }, open)
  for (const socket of sockets) {
    socket.on("error", () => undefined)
    socket.write("POST /audit HTTP/1.1\r\nHost: x\r\nX-Slow: ")
  }
  try {
    await act()
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/** All of it, some at a time. */
async function garbage(open: Connect, random: () => number): Promise<void> {
  const all: (string | Uint8Array)[] = [
    ...SMUGGLING,
    ...SHAPES,
    ...Array.from({ length: 20 }, () => randomBytes(random)),
  ]
  for (let at = 0; at < all.length; at += 8)
    await Promise.all(all.slice(at, at + 8).map((bytes) => say(open, bytes)))
}

/** Streams opened and reset at once, a thousand on a connection. */
async function resets(url: string): Promise<void> {
  const session = connectHttp2(url, { rejectUnauthorized: false, localAddress: STRANGER } as object)
  session.on("error", () => undefined)
  const closed = new Promise<void>((resolve) => session.once("close", () => resolve()))
  for (let i = 0; i < 1_000 && !session.destroyed; i++) {
    const stream = session.request({ ":method": "POST", ":path": "/audit" })
    stream.on("error", () => undefined)
    stream.close(8)
  }
  session.close()
  const late = setTimeout(() => session.destroy(), 1_000)
  await closed
  clearTimeout(late)
}

/** HTTP/2 frames that are none, or too many: settings, pings, a head without an end. */
async function frames(open: Connect): Promise<void> {
  const frame = (type: number, flags: number, stream: number, body: Uint8Array) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(body.length, 0, 3)
    head.set([type, flags], 3)
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, body])
  }
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
  const settings = frame(4, 0, 0, Buffer.alloc(0))
  const many = (one: Uint8Array) => Array.from({ length: 5_000 }, () => one)
  const floods = [
    many(settings),
    many(frame(6, 0, 0, Buffer.alloc(8))),
    [frame(1, 0, 1, Buffer.alloc(100)), ...many(frame(9, 0, 1, Buffer.alloc(100)))],
    [frame(0, 0, 7, Buffer.alloc(16_000))],
    [frame(8, 0, 0, Buffer.from([0xff, 0xff, 0xff, 0xff]))],
  ]
  await Promise.all(floods.map((flood) => say(open, Buffer.concat([preface, settings, ...flood]))))
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024
}

type Port = { readonly url: string; readonly port: number; readonly tls: boolean }

function post({ url, tls }: Port, agent: HttpAgent | HttpsAgent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = tls ? httpsRequest : httpRequest
    const sent = request(
      `${url}/audit/good`,
      { method: "POST", agent, rejectUnauthorized: false },
      (response) => {
        response.resume()
        response.once("end", () => resolve(response.statusCode ?? 0))
      },
    )
    sent.once("error", reject)
    sent.end(body)
  })
}

async function get({ url, tls }: Port, path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const request = tls ? httpsRequest : httpRequest
    request(`${url}${path}`, { rejectUnauthorized: false }, async (response) => {
      let text = ""
      for await (const chunk of response) text += chunk
      resolve(text)
    })
      .once("error", reject)
      .end()
  })
}

async function count(port: Port, source: string): Promise<number> {
  const text = await get(
    port,
    `/select/logsql/query?query=${encodeURIComponent(`source:=${source} | stats count() n`)}`,
  )
  return Number(JSON.parse(text).n)
}

/** The good sender, one batch after the other until it is stopped; how many events it was told are there. */
function goodSender(port: Port, agent: HttpAgent | HttpsAgent) {
  let acked = 0
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      const items = Array.from({ length: 50 }, (_, i) => EVENT.replace("smuggled", `good-${acked + i}`))
      const status = await post(port, agent, items.join("\n"))
      assert.equal(status, 200)
      acked += items.length
    }
  })()
  return {
    async stop(): Promise<number> {
      stopped = true
      await running
      return acked
    },
  }
}

async function withstands(t: TestContext, server: Server, tls: boolean): Promise<void> {
  const { port, origin } = new URL(server.url)
  const at: Port = { url: origin, port: Number(port), tls }
  const bare: Connect = () => connect({ port: at.port, host: "127.0.0.1", localAddress: STRANGER })
  const inside: Connect = () =>
    tls
      ? connectTls({
          port: at.port,
          host: "127.0.0.1",
          localAddress: STRANGER,
          rejectUnauthorized: false,
          ALPNProtocols: ["http/1.1"],
        } as object)
      : bare()
  const h2: Connect = () =>
    connectTls({
      port: at.port,
      host: "127.0.0.1",
      localAddress: STRANGER,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    } as object)
  const agent = tls
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const random = seededRandom(5)
  const good = goodSender(at, agent)
  const resident: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await garbage(bare, random)
    if (tls) {
      await garbage(inside, random)
      await resets(at.url)
      await frames(h2)
    }
    await loris(inside, () => garbage(bare, random))
    resident.push(residentBytes(server.child.pid ?? 0))
  }
  const acked = await good.stop()
  assert.equal(await count(at, "good"), acked)
  assert.equal(await count(at, "smuggled"), 0)
  const grown = (resident.at(-1) ?? 0) - (resident[0] ?? 0)
  assert.ok(grown < GROWTH_BYTES_MAX, `it grew: ${resident.map((bytes) => Math.round(bytes / 2 ** 20))} MiB`)
  const metrics = await get(at, "/metrics")
  const counted = (reason: string) =>
    seriesOf(metrics, `tallystick_unrequested_total{reason="${reason}"}`) ?? 0
  t.diagnostic(
    `${acked} events, ${resident.map((bytes) => Math.round(bytes / 2 ** 20))} MiB; ${["malformed", "head", "slow", "tls", "http2"].map((reason) => `${reason} ${counted(reason)}`).join(", ")}`,
  )
  assert.ok(counted("malformed") > 0 && counted("head") > 0)
  if (tls) assert.ok(counted("tls") > 0 && counted("http2") > 0)
  assert.ok((seriesOf(metrics, 'tallystick_connections_refused_total{limit="address"}') ?? 0) > 0)
  assert.equal(await server.end(), 0, server.output())
  assert.doesNotMatch(server.output(), /"level":"(error|fatal)"|unforeseen|bug/)
}

function place(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-garbage-"))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const LIMIT = ["--set", `listen.connectionsPerAddressMax=${CONNECTIONS_MAX}`]

test("garbage to the port of plain HTTP", async (t) => {
  const server = await startServer(join(place(t), "ledger"), { args: LIMIT })
  t.after(() => server.end("SIGKILL"))
  await withstands(t, server, false)
})

test("garbage to the port of HTTPS, within TLS, and as HTTP/2", async (t) => {
  const dir = place(t)
  const authority = await makeAuthority(dir, "ca")
  const wanted = { dir, name: "server", authority, subject: "/CN=ledger", alternatives: "IP:127.0.0.1" }
  const pair = await makeCertificate({ ...wanted, usage: "serverAuth" })
  const tls = ["--set", `tls.certificate=${pair.certificate}`, "--set", `tls.key=${pair.key}`]
  const server = await startServer(join(dir, "ledger"), { args: [...LIMIT, ...tls] })
  t.after(() => server.end("SIGKILL"))
  await withstands(t, server, true)
})
