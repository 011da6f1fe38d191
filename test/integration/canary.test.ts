import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { BASE64, CANARY, HIDDEN } from "../fixtures/events/hidden-canary.ts"
import { eventually, type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"

// A secret sent through every way in is never found again: in no file of the ledger, no log line, no metric, no error.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let log: string
let server: Server

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "data")
  log = join(folder.path, "audit.log")
  await writeFile(log, "")
  const config = join(folder.path, "tallystick.yaml")
  await writeFile(
    config,
    `intake: { files: [{ path: ${log}, source: file/a }] }\nsegments: { recordsMin: 100, waitMinutes: 1 }\n`,
  )
  server = await startServer(dir, { args: ["--config", config] })
})
after(async () => {
  await server.end()
  await folder.remove()
})

const bodies = HIDDEN.map(([, body]) => body)

async function total(): Promise<number> {
  const response = await fetch(
    `${server.url}/select/logsql/query?query=${encodeURIComponent("kind:in(k8s.audit,log) | stats count() as n")}`,
  )
  const text = await response.text()
  return response.ok ? Number((JSON.parse(text.split("\n")[0] ?? "{}") as { n?: string }).n ?? 0) : 0
}

test("a canary goes in through the webhook, the file tail, an import and broken requests", async () => {
  for (const body of bodies) {
    const { status } = await fetch(`${server.url}/audit/hook`, { method: "POST", body })
    assert.ok(status === 200 || status === 400, `${status}`)
  }
  const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${bodies[0]},${bodies[1]?.slice(0, -40)}`
  await fetch(`${server.url}/audit/hook`, { method: "POST", body: list })
  await fetch(`${server.url}/audit/hook?token=${CANARY}`, { method: "POST", body: `password: ${CANARY}` })
  await fetch(`${server.url}/select/logsql/query?query=(((`)
  await appendFile(log, bodies.map((body) => `${body.replaceAll("\n", " ")}\n`).join(""))
  const file = join(folder.path, "old.jsonl")
  await writeFile(file, bodies.map((body) => body.replaceAll("\n", " ")).join("\n"))
  const ran = await tallystick(["import", file, "--source", "import/a", "--server", server.url])
  assert.ok(ran.code === 0 || ran.code === 1, ran.stderr)
  assert.ok(!ran.stdout.includes(CANARY) && !ran.stderr.includes(CANARY))
  await eventually("all of it was taken in", 20_000, async () =>
    (await total()) > bodies.length * 2 ? true : undefined,
  )
})

test("and is found nowhere", async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  await server.end() // what is buffered is written
  const places = new Map([
    ["metrics", metrics],
    ["output", server.output()],
  ])
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    places.set(path, readFileSync(path).toString("latin1"))
  }
  assert.ok([...places.keys()].some((path) => path.endsWith(".journal") || path.endsWith(".parquet")))
  for (const [place, text] of places) {
    for (const secret of [CANARY, BASE64]) assert.ok(!text.includes(secret), `${secret} is in ${place}`)
  }
})

test("the segments, unpacked, do not hold it either", async () => {
  const answer = await tallystick(["query", "*", "--dir", dir, "--limit", "10000", "--json"])
  assert.ok(answer.stdout.length > 1000, answer.stderr)
  for (const secret of [CANARY, BASE64]) assert.ok(!answer.stdout.includes(secret))
})
