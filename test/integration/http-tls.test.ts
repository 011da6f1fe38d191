import assert from "node:assert/strict"
import { once } from "node:events"
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2"
import { Agent, type RequestOptions, request } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { CredentialTable, TlsFiles } from "../../src/api/index.ts"
import type { IntakeLimits } from "../../src/intake/limits.ts"
import { seriesOf, startApi, type TestApi } from "../support/api.ts"
import { makeAuthority, makeCertificate, type Pair } from "../support/certificates.ts"

/** TLS, HTTP/2, client certificates and their renewal, over real sockets with certificates made by openssl. */

const EVENT = '{"auditID":"a","stage":"RequestReceived"}'
const readText = (path: string) => readFile(path, "utf8")

let dir: string
let ca: Pair
let otherCa: Pair
let client: Pair
let unknownClient: Pair
let foreignClient: Pair
let serverPair: Pair

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "tallystick-tls-"))
  ;[ca, otherCa] = await Promise.all([makeAuthority(dir, "ca"), makeAuthority(dir, "other-ca")])
  const alternatives = "DNS:localhost,IP:127.0.0.1"
  ;[serverPair, client, unknownClient, foreignClient] = await Promise.all([
    makeCertificate({
      dir,
      name: "server",
      authority: ca,
      subject: "/CN=ledger",
      alternatives,
      usage: "serverAuth",
    }),
    makeCertificate({
      dir,
      name: "client",
      authority: ca,
      subject: "/O=system:masters/CN=kube-apiserver-client",
    }),
    makeCertificate({ dir, name: "unknown", authority: ca, subject: "/CN=somebody" }),
    makeCertificate({ dir, name: "foreign", authority: otherCa, subject: "/CN=kube-apiserver-client" }),
  ])
})
after(() => rm(dir, { recursive: true, force: true }))

type Options = {
  readonly small?: Partial<IntakeLimits>
  readonly minVersion?: "1.2" | "1.3"
  readonly maxVersion?: "1.2" | "1.3"
  readonly pair?: Pair
}

async function withTls(
  options: Options,
  act: (api: TestApi & { readonly port: number }) => Promise<void>,
): Promise<void> {
  const { minVersion = "1.2", maxVersion = "1.3", pair = serverPair, small = {} } = options
  const tls = await TlsFiles.open({ ...pair, clientCa: ca.certificate, minVersion, maxVersion }, readText)
  const credentials = await CredentialTable.open(
    [{ name: "prod", source: "prod-1", verbs: ["write", "read"], clientNames: ["kube-apiserver-client"] }],
    readText,
  )
  const api = await startApi({ tls, credentials, small })
  await api.listen()
  try {
    await act({ ...api, port: (api.app.server.address() as AddressInfo).port })
  } finally {
    await api.close()
  }
}

type Answer = {
  readonly status: number
  readonly body: string
  readonly serial: string
  readonly protocol: string | null
}

async function ask(
  port: number,
  options: RequestOptions & { readonly as?: Pair; readonly body?: string } = {},
): Promise<Answer> {
  const { as, body, ...rest } = options
  const identity =
    as === undefined ? {} : { cert: await readFile(as.certificate), key: await readFile(as.key) }
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path: "/audit",
        method: "POST",
        ca: [],
        rejectUnauthorized: false,
        agent: false,
        ...identity,
        ...rest,
      },
      (response) => {
        const socket = response.socket as TLSSocket
        const serial = socket.getPeerCertificate().serialNumber
        const protocol = socket.getProtocol()
        response.setEncoding("utf8")
        let text = ""
        response.on("data", (chunk: string) => {
          text += chunk
        })
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text, serial, protocol }))
      },
    )
    sent.on("error", reject)
    sent.end(body ?? EVENT)
  })
}

test("client certificates: the right one may send, all others are refused and counted", () =>
  withTls({}, async ({ port, journal, deps }) => {
    const cases: [why: string, as: Pair | undefined, status: number, detail: RegExp][] = [
      ["signed by the authority, a known name", client, 200, /^$/],
      ["no certificate", undefined, 401, /saw none/],
      ["signed by the authority, an unknown name", unknownClient, 401, /no name of the client certificate/],
      [
        "a known name, signed by somebody else",
        foreignClient,
        401,
        /not verified: no authority in tls\.clientCa signed it/,
      ],
      ["a server's certificate is no client's", serverPair, 401, /not verified: it is not for clients/],
    ]
    for (const [why, as, status, detail] of cases) {
      const answer = await ask(port, as === undefined ? {} : { as })
      assert.equal(answer.status, status, why)
      assert.match(answer.body, detail, why)
    }
    assert.deepEqual(
      journal.records.map(({ source }) => source),
      ["prod-1"],
    )
    const text = await deps.metrics.text()
    assert.equal(seriesOf(text, 'tallystick_auth_refused_total{reason="certificate"}'), 3)
    assert.equal(seriesOf(text, 'tallystick_auth_refused_total{reason="none"}'), 1)
  }))

test("a certificate is looked at once for a connection, and again for the next", () =>
  withTls({}, async ({ port }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < 3; i++) assert.equal((await ask(port, { as: client, agent })).status, 200)
    agent.destroy()
    assert.equal((await ask(port, { as: unknownClient })).status, 401)
  }))

const versions: [why: string, server: Options, client: RequestOptions, protocol: string | undefined][] = [
  ["the newest both know", {}, {}, "TLSv1.3"],
  ["1.2 where the client has no more", {}, { maxVersion: "TLSv1.2" }, "TLSv1.2"],
  ["1.2 where the server is told to", { maxVersion: "1.2" }, {}, "TLSv1.2"],
  ["no 1.2 where 1.3 is the least", { minVersion: "1.3" }, { maxVersion: "TLSv1.2" }, undefined],
  ["no 1.3-only client where 1.2 is the most", { maxVersion: "1.2" }, { minVersion: "TLSv1.3" }, undefined],
  [
    "nothing older than 1.2",
    {},
    { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    undefined,
  ],
]
for (const [why, options, clientOptions, protocol] of versions) {
  test(`TLS versions: ${why}`, () =>
    withTls(options, async ({ port }) => {
      const asking = ask(port, { as: client, ...clientOptions })
      if (protocol === undefined) await assert.rejects(asking)
      else assert.equal((await asking).protocol, protocol)
    }))
}

test("a minimum above the maximum is refused", async () => {
  const opening = TlsFiles.open({ ...serverPair, minVersion: "1.3", maxVersion: "1.2" }, readText)
  await assert.rejects(opening, { code: "tls.malformed" })
})

/** The head of an answer, when its stream has ended: both may come in one turn. */
async function answerTo(stream: ClientHttp2Stream): Promise<Record<string, unknown>> {
  const closed = new Promise((resolve) => stream.once("close", resolve))
  stream.resume()
  const [headers] = await once(stream, "response")
  await closed
  return headers
}

test("HTTP/2: many batches at once over one connection, with a client certificate", () =>
  withTls({}, async ({ port, journal }) => {
    const identity = { cert: await readFile(client.certificate), key: await readFile(client.key) }
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...identity })
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const stream = session.request({ ":method": "POST", ":path": `/audit/api-${i}?timeout=30s` })
        stream.end(`[${EVENT},${EVENT}${" ".repeat(20_000)}]`)
        return (await answerTo(stream))[":status"]
      }),
    )
    assert.deepEqual(new Set(statuses), new Set([200]))
    assert.equal(journal.records.length, 100)
    assert.equal(new Set(journal.records.map(({ source }) => source)).size, 50)
    session.close()
    await once(session, "close")
  }))

test("HTTP/2: a query's trailer arrives, and so does 401", () =>
  withTls({}, async ({ port }) => {
    const get = async (path: string, as?: Pair) => {
      const identity =
        as === undefined ? {} : { cert: await readFile(as.certificate), key: await readFile(as.key) }
      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...identity })
      const stream = session.request({ ":path": path })
      let trailers: Record<string, unknown> = {}
      stream.on("trailers", (seen) => {
        trailers = seen
      })
      const headers = await answerTo(stream)
      session.close()
      return { status: headers[":status"], trailers }
    }
    const whole = await get("/select/logsql/query?query=x", client)
    assert.equal(whole.status, 200)
    assert.equal(whole.trailers["tallystick-answer"], "whole")
    assert.equal((await get("/select/logsql/query?query=x")).status, 401)
  }))

test("HTTP/2: a stranger's large body, and one that does not come, end with an answer and their stream", async () => {
  const identity = { cert: await readFile(client.certificate), key: await readFile(client.key) }
  const cases: [why: string, identity: object, body: Buffer, end: boolean, status: number][] = [
    ["a stranger's", {}, Buffer.alloc(8_000_000, " "), true, 401],
    ["one that does not come", identity, Buffer.from("["), false, 408],
    ["one of a kind nobody takes", identity, Buffer.alloc(3_000_000, " "), true, 400],
  ]
  for (const [why, as, body, end, status] of cases) {
    // Whose body comes has all the time it needs.
    await withTls({ small: end ? {} : { requestTimeoutMs: 50 } }, async ({ port, deps }) => {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...as })
      const stream = session.request({ ":method": "POST", ":path": "/audit" })
      stream.on("error", () => undefined) // what it still writes may be refused
      if (end) stream.end(body)
      else stream.write(body)
      const headers = await answerTo(stream)
      assert.equal(headers[":status"], status, why)
      session.close()
      assert.equal(seriesOf(await deps.metrics.text(), "tallystick_in_flight_bytes"), 0)
    })
  }
})

/** The server's files under names of their own, to be replaced. */
async function replaceable(name: string): Promise<Pair & { replace(by: Pair): Promise<void> }> {
  const pair = { certificate: join(dir, `${name}-live.crt`), key: join(dir, `${name}-live.key`) }
  const replace = async (by: Pair) => {
    await copyFile(by.certificate, pair.certificate)
    await copyFile(by.key, pair.key)
  }
  await replace(serverPair)
  return { ...pair, replace }
}

test("a renewed certificate is taken over: a request in progress survives, the next connection sees the new one", async () => {
  const live = await replaceable("renewed")
  const renewed = await makeCertificate({
    ...{ dir, name: "renewed", authority: ca, subject: "/CN=ledger", usage: "serverAuth", serial: 0x77 },
    alternatives: "DNS:localhost,IP:127.0.0.1",
  })
  await withTls({ pair: live }, async ({ port, reload, journal }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    assert.equal((await ask(port, { as: client, agent })).serial, "01")

    const release = journal.hold()
    const arrival = journal.arrival()
    const inProgress = ask(port, { as: client, agent })
    await arrival
    assert.equal(await reload(), false, "nothing has changed yet")
    await live.replace(renewed)
    assert.equal(await reload(), true)
    assert.equal(
      (await Promise.race([ask(port, { as: client, path: "/healthz", method: "GET" }), inProgress])).serial,
      "77",
    )
    release()
    const survived = await inProgress
    assert.equal(survived.status, 200)
    assert.equal(survived.serial, "01")
    assert.equal((await ask(port, { as: client })).serial, "77")
    agent.destroy()
  })
})

test("a certificate that does not fit its key is not taken over, until it does", async () => {
  const live = await replaceable("half")
  const next = await makeCertificate({
    ...{ dir, name: "half", authority: ca, subject: "/CN=ledger", usage: "serverAuth", serial: 0x55 },
  })
  await withTls({ pair: live }, async ({ port, reload }) => {
    await copyFile(next.certificate, live.certificate) // between the two writes of a renewal
    await assert.rejects(reload(), { code: "tls.malformed" })
    assert.equal((await ask(port, { as: client })).serial, "01")
    await writeFile(live.certificate, "")
    await assert.rejects(reload(), { code: "tls.malformed" })
    await live.replace(next)
    assert.equal(await reload(), true)
    assert.equal((await ask(port, { as: client })).serial, "55")
  })
})

test("a token that is taken back opens nothing any more, also while the certificate's files are broken", async () => {
  const live = await replaceable("broken")
  const tokenFile = join(dir, "token")
  const [older, newer] = ["the token that somebody stole", "the token that came after it"]
  await writeFile(tokenFile, older)
  const credentials = await CredentialTable.open(
    [{ name: "prod", source: "prod-1", verbs: ["write"], tokenFile }],
    readText,
  )
  const tls = await TlsFiles.open({ ...live, minVersion: "1.2", maxVersion: "1.3" }, readText)
  const api = await startApi({ tls, credentials })
  await writeFile(live.certificate, "")
  await writeFile(tokenFile, newer)
  await assert.rejects(api.reload(), { code: "tls.malformed" })
  assert.equal(credentials.byToken(older), undefined)
  assert.equal(credentials.byToken(newer)?.name, "prod")
  await api.close()
})

test("which file is wrong, and how, is said in words", async () => {
  const { certificate, key } = serverPair
  const versions = { minVersion: "1.2", maxVersion: "1.3" } as const
  const rows: readonly [Parameters<typeof TlsFiles.open>[0], RegExp][] = [
    [{ ...versions, certificate, key: client.key }, /client\S* is not that of the certificate in \S*server/],
    [{ ...versions, certificate: key, key }, /server\S* holds no PEM certificate$/],
    [
      { ...versions, certificate, key: certificate },
      /server\S* holds no PEM private key without a passphrase$/,
    ],
    [{ ...versions, certificate, key, clientCa: client.key }, /client\S* holds no PEM certificate$/],
  ]
  for (const [config, message] of rows) {
    await assert.rejects(TlsFiles.open(config, readText), { code: "tls.malformed", message })
  }
})

test("no session is resumed: a client certificate is verified at every connection", () =>
  withTls({}, async ({ port }) => {
    const identity = { cert: await readFile(client.certificate), key: await readFile(client.key) }
    const connect = async (session?: Buffer) => {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...identity,
        ...(session && { session }),
      })
      let last: Buffer | undefined
      socket.on("session", (seen: Buffer) => {
        last = seen
      })
      await once(socket, "secureConnect")
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      const reused = socket.isSessionReused()
      socket.resume()
      await once(socket, "close")
      return { reused, session: last }
    }
    const first = await connect()
    const second = await connect(first.session)
    assert.equal(second.reused, false)
  }))

test("plain HTTP on the TLS port ends the connection, and nothing else", () =>
  withTls({}, async ({ port }) => {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`))
    assert.equal((await ask(port, { as: client })).status, 200)
  }))
