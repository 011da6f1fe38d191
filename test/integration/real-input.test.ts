import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { gzipSync } from "node:zlib"
import { itemsOf, recordedLog, recordedPosts } from "../support/recorded.ts"
import {
  eventually,
  queryRows,
  type Server,
  startServer,
  tallystick,
  temporaryFolder,
} from "../support/server.ts"

// Everything a real kube-apiserver sent, hostile requests included, goes in through the front door of a real server; what
// comes back out is compared byte by byte.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let server: Server
const env = (): Record<string, string> => ({ XDG_STATE_HOME: join(folder.path, "state") })

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "data")
  // Redaction changes bytes on purpose: its own tests say how. Here nothing may change.
  server = await startServer(dir, { args: ["--set", "redaction.enabled=false"] })
})
after(async () => {
  await server.end()
  await folder.remove()
})

const query = (text: string) => queryRows(server.url, text)

const digest = (bytes: string): string => createHash("sha256").update(bytes).digest("hex")
const sorted = (texts: readonly string[]): readonly string[] => texts.toSorted()

test("48 recorded posts are acknowledged, and every item comes back exactly as it was sent", async () => {
  const posts = recordedPosts("webhook-posts")
  for (const post of posts) {
    const { status } = await fetch(`${server.url}${post.uri}`, { method: "POST", body: post.body })
    assert.equal(status, 200)
  }
  const sent = posts.flatMap(({ body }) => itemsOf(body))
  // The newest acknowledged events are part of the very next answer: nothing is waited for.
  const rows = await query("source:=cluster-a | fields record, raw")
  assert.equal(rows.length, sent.length)
  assert.deepEqual(sorted(rows.map(({ raw }) => digest(raw ?? ""))), sorted(sent.map(digest)))
})

test("the log file of the same run is imported; the same events are counted once", async () => {
  const file = join(folder.path, "audit.log.gz")
  await writeFile(file, gzipSync(recordedLog().join("\n")))
  const counts = await query("source:=cluster-a stage:* | stats count() as events")
  const ran = await tallystick(["import", file, "--source", "cluster-a/file", "--server", server.url], {
    env: env(),
  })
  assert.equal(ran.code, 0, ran.stderr)
  const delivered = await query('source:="cluster-a/file" stage:* | stats count() as events')
  assert.equal(delivered[0]?.events, String(recordedLog().length))
  const requests = await query('source:="cluster-a/file" | stats count() as requests')
  assert.equal(requests[0]?.requests, String(countRequests(recordedLog())))
  const together = await query("cluster:=cluster-a kind:=k8s.audit stage:* | stats count() as events")
  // What the log alone writes is left out: then an event is the same in both, or in one of them only.
  const events = [...recordedPosts("webhook-posts").flatMap(({ body }) => itemsOf(body)), ...recordedLog()]
  const distinct = new Set(events.map((event) => event.replace(LOG_ONLY, "{")))
  assert.ok(distinct.size < events.length, "some came on both ways")
  assert.equal(together[0]?.events, String(distinct.size))
  assert.ok(Number(counts[0]?.events) < distinct.size)
})

const LOG_ONLY = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",'

/** One for each last stage, and one for each request that has none. */
function countRequests(lines: readonly string[]): number {
  const events = lines.map((line): { auditID: string; stage: string } => JSON.parse(line))
  const ended = events.filter(({ stage }) => stage === "ResponseComplete" || stage === "Panic")
  const known = new Set(ended.map(({ auditID }) => auditID))
  return ended.length + new Set(events.map(({ auditID }) => auditID).filter((id) => !known.has(id))).size
}

test("resends of whole batches are kept, and found to be the same events", async () => {
  const posts = recordedPosts("webhook-retries-on-500")
  for (const { body } of posts) {
    const { status } = await fetch(`${server.url}/audit/retrying`, { method: "POST", body })
    assert.equal(status, 200)
  }
  const distinct = new Set(posts.flatMap(({ body }) => itemsOf(body)))
  const rows = await query("source:=retrying | fields auditID, stage")
  assert.equal(rows.length, distinct.size)
})

test("other bytes under the ids of an earlier event are kept, and shown as a conflict", async () => {
  const ids = `"auditID":"chosen-by-a-client","stage":"ResponseComplete","stageTimestamp":"2026-11-20T18:24:18.000001Z"`
  for (const verb of ["delete", "get", "get"]) {
    const { status } = await fetch(`${server.url}/audit/conflict`, {
      method: "POST",
      body: `{${ids},"verb":"${verb}"}`,
    })
    assert.equal(status, 200)
  }
  // Repeated deliveries are counted once, so whatever is there twice under one id differs.
  const conflicts = await query(
    "cluster:=conflict | stats by (cluster, auditID, stage, stageTimestamp) count() as versions | filter versions:>1",
  )
  assert.deepEqual(
    conflicts.map(({ auditID, versions }) => [auditID, versions]),
    [["chosen-by-a-client", "2"]],
  )
})

test("an event is proved, and the whole ledger verified", async () => {
  const key = (await tallystick(["keys", "show", "--public", "--dir", dir], { env: env() })).stdout.trim()
  const [row] = await query("source:=cluster-a user.username:=alice | fields record | limit 1")
  const receipt = await eventually("the record is sealed", 10_000, async () => {
    const proved = await tallystick(["prove", row?.record ?? "", "--dir", dir], { env: env() })
    return proved.code === 0 ? proved.stdout : undefined
  })
  const file = join(folder.path, "alice.receipt")
  await writeFile(file, receipt)
  assert.equal((await tallystick(["receipt", "check", file, "--key", key])).code, 0)
  const verified = await tallystick(["verify", dir, "--key", key], { env: env() })
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
})
