/** How a server ends while events come in: what was acknowledged is there, sealed where there was time for it. */
import assert from "node:assert/strict"
import { request } from "node:http"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { eventually, startServer, tallystick, temporaryFolder } from "../support/server.ts"
import { Wire } from "../support/wire.ts"

const SENDERS = 8
/** Before the signal; then it comes in the middle of others. */
const ACKNOWLEDGED = 200
/** Kubernetes kills what has not ended 30 s after it was asked to. */
const GRACE_MS = 30_000

async function place(t: TestContext) {
  const folder = await temporaryFolder()
  t.after(() => folder.remove())
  return { dir: join(folder.path, "data"), env: { XDG_STATE_HOME: join(folder.path, "state") } }
}

const event = (id: string): string =>
  `{"level":"Metadata","auditID":"${id}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{"username":"u"}}`

/** The status, or undefined where the connection ended without one. */
function post(url: string, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(`${url}/audit/prod-1`, { method: "POST" }, (response) => {
      response.resume()
      response.on("end", () => resolve(response.statusCode))
      response.on("error", () => resolve(undefined))
    })
    sent.on("error", () => resolve(undefined))
    sent.end(body)
  })
}

async function idsIn(dir: string, env: Record<string, string>): Promise<readonly string[]> {
  const ran = await tallystick(
    ["query", "auditID:* | fields auditID", "--dir", dir, "--limit", "100000", "--json"],
    {
      env,
    },
  )
  assert.equal(ran.code, 0, ran.stderr)
  return ran.stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { auditID: string }).auditID]))
}

test("SIGTERM under load: every sender has its answer, what was acknowledged is there once, and all of it is sealed", async (t) => {
  const { dir, env } = await place(t)
  const server = await startServer(dir)
  t.after(() => server.child.kill("SIGKILL"))
  const acknowledged: string[] = []
  let next = 0
  let ending: Promise<number | NodeJS.Signals> | undefined
  let began = 0
  async function sender(): Promise<void> {
    for (;;) {
      const id = `id-${next++}`
      const status = await post(server.url, event(id))
      if (status === 200) acknowledged.push(id)
      else if (ending !== undefined) return
      else assert.fail(`${status} before it was asked to end`)
      if (acknowledged.length < ACKNOWLEDGED || ending !== undefined) continue
      began = performance.now()
      ending = server.end("SIGTERM")
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  assert.equal(await ending, 0, server.output())
  assert.ok(performance.now() - began < GRACE_MS)

  const there = await idsIn(dir, env)
  assert.equal(new Set(there).size, there.length, "each once")
  const found = new Set(there)
  assert.deepEqual(
    acknowledged.filter((id) => !found.has(id)),
    [],
  )
  const key = (await tallystick(["keys", "show", "--public", "--dir", dir], { env })).stdout.trim()
  const verified = await tallystick(["verify", dir, "--key", key, "--json"], { env })
  assert.equal(verified.code, 0, verified.stdout)
  assert.equal((JSON.parse(verified.stdout) as { unsealed: number }).unsealed, 0)
})

test("a second signal ends it at once, as a crash would: with 143, and nothing acknowledged is lost", async (t) => {
  const { dir, env } = await place(t)
  const server = await startServer(dir)
  t.after(() => server.child.kill("SIGKILL"))
  assert.equal(await post(server.url, event("kept")), 200)
  // A request under way has 25 s to end; this one does not.
  const port = Number(new URL(server.url).port)
  const wire = await Wire.open(port)
  wire.send("POST /audit/prod-1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
  await eventually("its body is waited for", 10_000, async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    return /^tallystick_in_flight_bytes(?:\{.*\})? [1-9]/m.test(metrics) ? true : undefined
  })
  server.child.kill("SIGTERM")
  await eventually("it takes no connection any more", 10_000, async () => {
    const answered = await post(server.url, "").catch(() => undefined)
    return answered === undefined ? true : undefined
  })
  assert.equal(server.child.exitCode, null, "it waits for the request")
  const began = performance.now()
  assert.equal(await server.end("SIGTERM"), 128 + 15)
  assert.ok(performance.now() - began < 5_000)
  wire.socket.destroy()

  const again = await startServer(dir)
  assert.equal(await again.end(), 0)
  assert.deepEqual(await idsIn(dir, env), ["kept"])
})
