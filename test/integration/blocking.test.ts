import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"

// Audit modes `blocking` and `blocking-strict` (docs/CONNECT.md): each event is a POST of its own, and a request of the API
// server waits for it. So what an acknowledgement waits for is one sync of the journal, and nothing that may take longer.
// `bench/blocking.ts` measures how long that is.

/** No block is sealed while these tests run, and whoever waited for one would be seen. */
const NEVER_SEALED = ["--set", "seal.intervalMs=60000"]
const EVENTS = 200
const AT_ONCE = 50

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server
let search: number

before(async () => {
  folder = await temporaryFolder()
  server = await startServer(join(folder.path, "data"), { args: NEVER_SEALED })
  search = searchOf(server.child.pid)
  // It runs, and is not in the middle of its start.
  const asked = await fetch(`${server.url}/select/logsql/query?query=*`)
  assert.equal(asked.status, 200, await asked.text())
  process.kill(search, "SIGSTOP")
})
after(async () => {
  process.kill(search, "SIGCONT")
  await server.end()
  await folder.remove()
})

test("one event after the other: each waits for one sync, not for sealing, search or a timer of ours", async () => {
  const before = await syncs()
  for (let i = 0; i < EVENTS; i++) assert.equal(await post(i), 200)
  const more = (await syncs()) - before
  // The ledger's own records may have a group among them: a heartbeat, say.
  assert.ok(more >= EVENTS && more <= EVENTS + 5, `${more} syncs`)
})

test("many at once share syncs: what one waits for does not grow with those beside it", async () => {
  const before = await syncs()
  let next = EVENTS
  async function apiRequests(): Promise<void> {
    while (next < 2 * EVENTS) assert.equal(await post(next++), 200)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, apiRequests))
  const more = (await syncs()) - before
  assert.ok(more >= EVENTS / AT_ONCE && more < EVENTS, `${more} syncs`)
})

test("the search process gives way where both want the processor", () => {
  const fields = readFileSync(`/proc/${search}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  // proc(5): nice is the 19th of all fields, the name being the second.
  assert.equal(fields[19 - 3], "5")
})

/** As kube-apiserver's blocking backend sends it: a list of one, and for `blocking-strict` at the stage that may be refused. */
async function post(i: number): Promise<number> {
  const event = {
    level: "Metadata",
    auditID: `blocking-${i}`,
    stage: "RequestReceived",
    requestURI: "/api/v1/namespaces",
    verb: "list",
    user: { username: "alice" },
    stageTimestamp: "2026-01-02T03:04:05.000000Z",
  }
  const list = { kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items: [event] }
  const answer = await fetch(`${server.url}/audit?timeout=30s`, {
    method: "POST",
    body: JSON.stringify(list),
  })
  assert.equal(await answer.text(), "")
  return answer.status
}

async function syncs(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const [, count] = /^tallystick_fsync_seconds_count(?:\{.*\})? (\d+)$/m.exec(text) ?? []
  assert.ok(count !== undefined, text)
  return Number(count)
}

function searchOf(parent: number | undefined): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ")
  const found = children.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/search/child.")
    } catch {
      return false // it has ended since
    }
  })
  assert.ok(found !== undefined, "the search process runs")
  return Number(found)
}
