/** The whole server, killed while it starts and while it reads its configuration again, sound or broken. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { readSigner } from "../../src/seal/keys.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { makeAuthority, makeCertificate } from "../support/certificates.ts"
import { killed } from "../support/kills.ts"
import { seededRandom } from "../support/random.ts"
import { eventually, type Server, startServer, tallystick } from "../support/server.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts")
const STARTS_KILLED = 8
const EVENTS = 200

let sent = 0
const batch = () => Array.from({ length: EVENTS }, () => eventLine(`serve-${sent++}`)).join("")

async function verified(cwd: string, dir: string): Promise<string> {
  const key = formatVerifierKey(readSigner(join(dir, "keys/log.key")))
  const { stdout } = await tallystick(["verify", dir, "--key", key, "--json"], {
    env: { XDG_STATE_HOME: join(cwd, "state") },
  })
  return JSON.parse(stdout).answer
}

test(`a start killed ${STARTS_KILLED} times, again and again over the same rest: nothing is lost, nothing is twice`, async (t) => {
  const cwd = temporaryFolder(t)
  const dir = join(cwd, "ledger")
  let server = await startServer(dir, { args: ["--set", "seal.intervalMs=60000"] })
  t.after(() => server.end("SIGKILL"))
  for (let i = 0; i < 5; i++)
    assert.equal((await fetch(`${server.url}/audit/prod-1`, { method: "POST", body: batch() })).status, 200)
  await server.end("SIGKILL")
  const random = seededRandom(6)
  const args = ["serve", "--dir", dir, "--set", "listen.port=0"]
  for (let kill = 0; kill < STARTS_KILLED; kill++) await killed({ args, cwd, msMax: 900, random })

  server = await startServer(dir)
  const query = encodeURIComponent("auditID:serve-* | stats count() n, count_uniq(auditID) u")
  const row = JSON.parse(await (await fetch(`${server.url}/select/logsql/query?query=${query}`)).text())
  assert.deepEqual([row.n, row.u], [String(5 * EVENTS), String(5 * EVENTS)])
  assert.equal(await server.end(), 0, server.output())
  assert.equal(await verified(cwd, dir), "fine")
})

test("a server that is killed takes its children along", async (t) => {
  const cwd = temporaryFolder(t)
  const server = await startServer(join(cwd, "ledger"))
  t.after(() => server.end("SIGKILL"))
  const pid = server.child.pid ?? 0
  const children = await eventually("search and scrub are at work", 10_000, async () => {
    const found = childrenOf(pid)
    return found.length >= 2 ? found : undefined
  })
  await server.end("SIGKILL")
  await eventually(
    "they are gone",
    10_000,
    async () => children.every((child) => !existsSync(`/proc/${child}`)) || undefined,
  )
})

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number)
}

test("a hangup while it starts is answered when it has started", async (t) => {
  const cwd = temporaryFolder(t)
  const dir = join(cwd, "ledger")
  const first = await startServer(dir)
  await first.end()
  const starting = startServer(dir, { args: ["--set", "log.level=info"] })
  await eventually("it holds the ledger", 20_000, async () => isLocked(dir) || undefined)
  const holder = lockHolder(dir)
  assert.ok(holder !== undefined)
  process.kill(holder, "SIGHUP")
  const server = await starting
  t.after(() => server.end("SIGKILL"))
  await eventually(
    "it was read again",
    10_000,
    async () => /config\.reloaded/.test(server.output()) || undefined,
  )
  assert.equal(await server.end(), 0)
})

/** A process that hangs itself up when it has done no more than its first act: to say what becomes of faults of ours. */
const HANGS_UP = `--import=data:text/javascript,${encodeURIComponent(`
  const on = process.on
  process.on = function (name, ...rest) {
    const result = on.call(process, name, ...rest)
    if (name === "uncaughtException" && process.argv[1]?.endsWith("main.ts")) process.kill(process.pid, "SIGHUP")
    return result
  }`)}`

test("a hangup before it has read its modules is answered too; what does not serve is ended by one", async (t) => {
  const dir = join(temporaryFolder(t), "ledger")
  const env = { NODE_OPTIONS: HANGS_UP }
  const server = await startServer(dir, { env })
  t.after(() => server.end("SIGKILL"))
  const reloaded = async () => /config\.reloaded/.test(server.output()) || undefined
  await eventually("it was read again", 10_000, reloaded)
  const other = spawn(process.execPath, [MAIN, "query", "*", "--server", server.url], {
    env: { ...process.env, ...env },
    stdio: "ignore",
  })
  assert.deepEqual(await once(other, "exit"), [null, "SIGHUP"])
})

const isLocked = (dir: string) => lockHolder(dir) !== undefined

function lockHolder(dir: string): number | undefined {
  const { ino } = statSync(join(dir, "lock"))
  const line = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .find((lock) => lock.includes(`:${ino} `))
  return line === undefined ? undefined : Number(line.trim().split(/\s+/)[4])
}

const TOKEN = "a-token-that-is-long-enough-to-be-one"
const tokenSha256 = createHash("sha256").update(TOKEN).digest("hex")
const credential = { name: "one", source: "one", verbs: ["write", "read"], tokenSha256 }

/** What is in the file when the signal comes, and what a start says that finds it there; undefined: it starts. */
const RELOADS: readonly [
  what: string,
  text: (files: Record<string, string>) => string,
  refusal: RegExp | undefined,
][] = [
  [
    "a sound change",
    (tls) => JSON.stringify({ credentials: [credential], tls, log: { level: "debug" } }),
    undefined,
  ],
  ["no YAML", () => "credentials: [", /tallystick: .*tallystick\.yaml/],
  ["an option that is none", (tls) => JSON.stringify({ credentials: [credential], tls, lisen: {} }), /lisen/],
  [
    "nobody who may do anything",
    (tls) => JSON.stringify({ credentials: [{ ...credential, tokenSha256: "x" }], tls }),
    /tallystick\.yaml:1:\d+: expected a text/,
  ],
  [
    "a certificate that is none",
    (tls) => JSON.stringify({ credentials: [credential], tls: { ...tls, certificate: tls.key } }),
    /certificate/,
  ],
]

test("a server killed while it reads its configuration again: all is there, and a broken file is named by the next start", async (t) => {
  const cwd = temporaryFolder(t)
  const dir = join(cwd, "ledger")
  const file = join(cwd, "tallystick.yaml")
  const authority = await makeAuthority(cwd, "ca")
  const subject = { subject: "/CN=ledger", alternatives: "IP:127.0.0.1" }
  const pair = await makeCertificate({ dir: cwd, name: "server", authority, ...subject, usage: "serverAuth" })
  const sound = JSON.stringify({ credentials: [credential], tls: pair })
  writeFileSync(file, sound)
  const start = () => startServer(dir, { args: ["--config", file] })
  const random = seededRandom(7)
  const ca = readFileSync(authority.certificate)
  let acked = 0
  for (const [what, text, refusal] of RELOADS) {
    const server = await start()
    t.after(() => server.end("SIGKILL"))
    acked += await sent200(server, ca)
    writeFileSync(file, text(pair))
    server.child.kill("SIGHUP")
    const sending = sent200(server, ca).catch(() => 0) // may be cut off
    await setTimeout(random() * 30)
    await server.end("SIGKILL")
    acked += await sending
    if (refusal !== undefined) await assert.rejects(start(), refusal, what)
    writeFileSync(file, sound)
  }
  const server = await start()
  t.after(() => server.end("SIGKILL"))
  const query = encodeURIComponent("source:=one auditID:serve-* | stats count() n, count_uniq(auditID) u")
  const row = JSON.parse((await ask(server, ca, `/select/logsql/query?query=${query}`)).text)
  assert.equal(row.n, row.u)
  assert.ok(Number(row.n) >= acked && Number(row.n) <= sent, `${row.n} of ${acked} acknowledged`)
  assert.equal(await server.end(), 0, server.output())
  assert.equal(await verified(cwd, dir), "fine")
})

/** One batch; how many of its events were acknowledged. */
async function sent200(server: Server, ca: Buffer): Promise<number> {
  const { status } = await ask(server, ca, "/audit", batch())
  assert.equal(status, 200)
  return EVENTS
}

function ask(
  server: Server,
  ca: Buffer,
  path: string,
  body?: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST"
    const headers = { authorization: `Bearer ${TOKEN}` }
    const asked = request(`${server.url}${path}`, { ca, method, headers, agent: false }, async (response) => {
      let text = ""
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, text })
    })
    asked.once("error", reject)
    asked.end(body)
  })
}
