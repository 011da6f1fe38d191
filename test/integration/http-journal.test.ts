import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { test } from "node:test"
import { gunzipSync, gzipSync } from "node:zlib"
import { type PlacedRecord, RESERVED } from "../../src/event/record.ts"
import { compileRedaction } from "../../src/event/redact.ts"
import { originalDigest } from "../../src/intake/receive.ts"
import { type Journal, openJournal, realDisk } from "../../src/journal/index.ts"
import { startApi } from "../support/api.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { post } from "../support/wire.ts"

/** The webhook over the real journal: what was answered 200 is in its files, byte for byte, and no secret is. */

const REAL = join(import.meta.dirname, "../fixtures/real/own-1.20.2-webhook-posts.jsonl.gz")
const KEY = Buffer.alloc(32, 7)
const CANARY = "canary-Zq8vT3wK"

function open(dir: string): Promise<Journal> {
  for (const name of ["journal", "tmp"]) mkdirSync(join(dir, name), { recursive: true })
  return openJournal({
    place: {
      dir: join(dir, "journal"),
      tmp: join(dir, "tmp"),
      damaged: join(dir, "damaged"),
      disk: realDisk,
    },
    sealed: { records: 0, segmented: 0 },
    clock: () => Date.now() * 1000,
    steady: () => performance.now() * 1000,
    onFatal: (error) => assert.fail(String(error)),
  })
}

async function received(journal: Journal): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  while (records.length < journal.next) {
    records.push(...(await journal.read(records.length, { recordsMax: 10_000, bytesMax: 1e9 })))
  }
  return records.filter(({ kind }) => kind !== RESERVED)
}

async function withJournal(
  dir: string,
  act: (
    send: (path: string, body: string | Buffer, headers?: Record<string, string>) => Promise<number>,
  ) => Promise<void>,
): Promise<string> {
  const journal = await open(dir)
  let seen = ""
  const api = await startApi({
    deliver: (batch) => journal.append(batch),
    redactor: { redact: compileRedaction(), key: KEY },
    onTrouble: (trouble) => {
      seen += String(trouble)
    },
  })
  await api.listen()
  const { port } = api.app.server.address() as AddressInfo
  await act(async (path, body, headers = {}) => {
    const answer = await post(port, path, body, { headers })
    seen += answer.body
    return answer.status
  })
  seen += await api.deps.metrics.text()
  await api.close()
  await journal.close()
  return seen
}

test("what a real API server posted is in the journal's files after the answer, in order and byte for byte", async (t) => {
  const dir = temporaryFolder(t)
  const posts = gunzipSync(readFileSync(REAL)).toString("utf8").trimEnd().split("\n")
  const bodies = posts.map((line) => (JSON.parse(line) as { body: string }).body)
  await withJournal(dir, async (send) => {
    for (const body of bodies) assert.equal(await send("/audit/cluster-a?timeout=30s", body), 200)
  })

  const journal = await open(dir) // from the files alone
  const records = await received(journal)
  await journal.close()
  let at = 0
  for (const body of bodies) {
    const items = (JSON.parse(body) as { items: unknown[] }).items.length
    const texts = records.slice(at, at + items).map(({ body: item }) => Buffer.from(item).toString("utf8"))
    const redacted = records
      .slice(at, at + items)
      .some(({ words }) => words.some(([key]) => key === "original"))
    if (!redacted) assert.ok(body.endsWith(`"items":[${texts.join(",")}]}\n`))
    at += items
  }
  assert.equal(at, records.length)
  records.forEach(({ n, source }, i) => {
    assert.deepEqual([n, source], [i, "cluster-a"])
  })
})

const secret = (data: string) =>
  `{"auditID":"a","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"secrets"},"requestObject":${data}}`
const hostile: [why: string, status: number, body: string | Buffer, headers?: Record<string, string>][] = [
  ["a Secret in a list", 200, `{"items":[${secret(`{"kind":"Secret","data":{"k":"${CANARY}"}}`)}]}`],
  [
    "a Secret in a gzip body",
    200,
    gzipSync(secret(`{"kind":"Secret","stringData":{"k":"${CANARY}"}}`)),
    { "content-encoding": "gzip" },
  ],
  [
    "a bearer token in a URI",
    200,
    `{"auditID":"a","stage":"RequestReceived","requestURI":"/x?access_token=${CANARY}"}`,
  ],
  [
    "a Secret in a body that is cut off",
    200,
    `{"items":[${secret(`{"kind":"Secret","data":{"k":"${CANARY}"}}`)},${secret(`{"kind":"Secret","data":{"k":"${CANARY}`)}`,
  ],
  ["a token in a line of text", 400, `Authorization: Bearer ${CANARY}`],
  [
    "a Secret behind an encoding that is broken",
    400,
    secret(`{"kind":"Secret","data":{"k":"${CANARY}"}}`),
    { "content-encoding": "gzip" },
  ],
]
test("a secret sent in any way is in no file, no answer, no metric and no trouble", async (t) => {
  const dir = temporaryFolder(t)
  const seen = await withJournal(dir, async (send) => {
    for (const [why, status, body, headers] of hostile)
      assert.equal(await send("/audit/a", body, headers), status, why)
  })
  assert.ok(!seen.includes(CANARY), "said by the server")
  for (const name of readdirSync(join(dir, "journal"))) {
    assert.ok(!readFileSync(join(dir, "journal", name), "latin1").includes(CANARY), name)
  }
  const journal = await open(dir)
  const [first] = await received(journal)
  await journal.close()
  const original = Buffer.from(secret(`{"kind":"Secret","data":{"k":"${CANARY}"}}`))
  assert.deepEqual(first?.words, [["original", originalDigest(KEY, first?.body ?? KEY, original)]])
})
