import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { openDuckdb } from "../../src/store/duckdb.ts"
import { BASE64, CANARY, HIDDEN } from "../fixtures/events/hidden-canary.ts"
import { journalRecords } from "../support/check-ledger.ts"
import {
  type AnyValue,
  fluentMsgpack,
  lokiJson,
  lokiProto,
  otlpJson,
  otlpProto,
} from "../support/collector-bodies.ts"
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

/** Records of a source: their numbers have no gap. */
async function recordsOf(source: string): Promise<number> {
  const query = encodeURIComponent(`source:=${source} | stats max(n) as last`)
  const response = await fetch(`${server.url}/select/logsql/query?query=${query}`)
  const text = await response.text()
  return response.ok
    ? Number((JSON.parse(text.split("\n")[0] ?? "{}") as { last?: string }).last || -1) + 1
    : 0
}

async function unsegmented(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^tallystick_unsegmented_records(?:\{.*\})? (\d+)$/m.exec(metrics)?.[1])
}

/** Every body that the journal and the segments hold, as it was received. */
async function keptBodies(): Promise<readonly Buffer[]> {
  const inJournal = journalRecords(dir).map(({ body }) => Buffer.from(body))
  const memory = { memoryBytesMax: 256 * 1024 ** 2, threads: 1, tempBytesMax: 1024 ** 3 }
  const db = await openDuckdb({ ...memory, tempDir: join(folder.path, "spill"), folders: [dir] })
  const files = readdirSync(join(dir, "segments"), { recursive: true, encoding: "utf8" })
  const inSegments: Buffer[] = []
  for (const name of files.filter((file) => file.endsWith(".parquet"))) {
    const sql = `SELECT "rawEncoding", encode(raw) FROM read_parquet([?])`
    for (const batch of (await db.query(sql, [join(dir, "segments", name)])).batches()) {
      const [encodings, raws] = [batch.column(0), batch.column(1)]
      for (let row = 0; row < batch.count; row++) {
        const raw = Buffer.from(raws.bytes(row) ?? [])
        inSegments.push(
          encodings.text(row) === "base64" ? Buffer.from(raw.toString("latin1"), "base64") : raw,
        )
      }
    }
  }
  db.close()
  assert.ok(inSegments.length > 100, "segments were made")
  return [...inJournal, ...inSegments]
}

/** Each body as a collector would carry it: as text, parsed, behind a prefix, cut off, by every protocol. */
async function insertAll(): Promise<void> {
  const protobuf = { "content-type": "application/x-protobuf" }
  const json = { "content-type": "application/json" }
  for (const body of bodies) {
    const line = body.replaceAll("\n", " ")
    const quoted = JSON.stringify(line)
    const cut = JSON.stringify(line.slice(0, -30))
    const parsed = isJson(line) ? [line, `{"log":${line}}`, line.replace("{", '{"date":1,')] : []
    const lines = [
      `{"log":${quoted}}`,
      `{"message":${cut}}`,
      `{"log":${JSON.stringify(`2026-01-02T03:04:05Z stdout F ${line}`)}}`,
    ]
    const all = [...lines, ...parsed, line]
    await insert("/insert/jsonline", all.join("\n"))
    await insert("/insert/jsonline", fluentMsgpack([{ log: line }]), {
      "content-type": "application/msgpack",
    })
    await insert("/insert/elasticsearch/_bulk", all.map((one) => `{"create":{}}\n${one}\n`).join(""))
    await insert("/insert/loki/api/v1/push", lokiJson({ app: "a" }, [line, line.slice(0, -30)]), json)
    await insert("/insert/loki/api/v1/push", lokiProto('{app="a"}', [line]), protobuf)
    await insert("/v1/logs", otlpJson({}, [line, line.slice(0, -30)]), json)
    const bodiesOfOtlp = isJson(line) ? [line, JSON.parse(line) as AnyValue] : [line]
    await insert("/insert/opentelemetry/v1/logs", otlpProto({}, bodiesOfOtlp), protobuf)
  }
  await insert("/insert/jsonline?_msg_field=(&extra_fields=x", `password: ${CANARY}`)
}

async function insert(path: string, body: string | Buffer, headers = {}): Promise<void> {
  const sent = typeof body === "string" ? body : new Uint8Array(body)
  const answer = await fetch(server.url + path, { method: "POST", body: sent, headers })
  const text = await answer.text()
  assert.ok(answer.status < 500, `${path}: ${text}`)
  for (const hidden of [CANARY, BASE64]) assert.ok(!text.includes(hidden), `${path} answers with it`)
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object"
  } catch {
    return false
  }
}

test("a canary goes in through the webhook, collectors, the file tail, an import and broken requests", async () => {
  for (const body of bodies) {
    const { status } = await fetch(`${server.url}/audit/hook`, { method: "POST", body })
    assert.ok(status === 200 || status === 400, `${status}`)
  }
  const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${bodies[0]},${bodies[1]?.slice(0, -40)}`
  await fetch(`${server.url}/audit/hook`, { method: "POST", body: list })
  await fetch(`${server.url}/audit/hook?token=${CANARY}`, { method: "POST", body: `password: ${CANARY}` })
  await fetch(`${server.url}/select/logsql/query?query=(((`)
  await insertAll()
  await appendFile(log, bodies.map((body) => `${body.replaceAll("\n", " ")}\n`).join(""))
  const file = join(folder.path, "old.jsonl")
  await writeFile(file, bodies.map((body) => body.replaceAll("\n", " ")).join("\n"))
  const ran = await tallystick(["import", file, "--source", "import/a", "--server", server.url])
  assert.ok(ran.code === 0 || ran.code === 1, ran.stderr)
  assert.ok(!ran.stdout.includes(CANARY) && !ran.stderr.includes(CANARY))
  for (const source of ["hook", "file/a", "import/a"]) {
    await eventually(`all of ${source} was taken in`, 20_000, async () =>
      (await recordsOf(source)) >= bodies.length ? true : undefined,
    )
  }
  await eventually("segments hold most of it", 30_000, async () =>
    (await unsegmented()) < 100 ? true : undefined,
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
  for (const ending of [".journal", ".parquet", ".bloom", "catalogue.ndjson", "positions.json", "tail"]) {
    assert.ok(
      [...places.keys()].some((path) => path.endsWith(ending)),
      ending,
    )
  }
  for (const [place, text] of places) {
    for (const secret of [CANARY, BASE64]) assert.ok(!text.includes(secret), `${secret} is in ${place}`)
  }
})

test("no body that journal and segments hold, unpacked and decoded, has it either", async () => {
  const kept = await keptBodies()
  assert.ok(kept.length > bodies.length * 20, `${kept.length} bodies`)
  assert.ok(kept.some((body) => body.includes("[redacted:secret-data]")))
  for (const body of kept) {
    for (const secret of [CANARY, BASE64]) assert.ok(!body.includes(secret), body.toString("latin1"))
  }
})

test("a question shows none of it", async () => {
  const answer = await tallystick(["query", "* | fields *, raw", "--dir", dir, "--limit", "100000", "--json"])
  assert.equal(answer.code, 0, answer.stderr)
  assert.ok(answer.stdout.split("\n").length > bodies.length, answer.stderr)
  for (const secret of [CANARY, BASE64]) assert.ok(!answer.stdout.includes(secret))
})
