import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Refusal } from "../../src/base/refusal.ts"
import type { PlacedRecord } from "../../src/event/record.ts"
import type { Row } from "../../src/query/row.ts"
import {
  openLocalSearch,
  openSearch,
  type QueryRequest,
  type SealedSeed,
  type SearchOptions,
  type SearchProcess,
} from "../../src/search/index.ts"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../support/journal-file.ts"
import { temporaryFolder } from "../support/temporary.ts"

const HOUR = 3_600_000_000

/** Requests of a small cluster over two hours, two deliveries of some, and things that are no events. */
function someRecords(count: number): PlacedRecord[] {
  const given: GivenRecord[] = []
  for (let i = 0; i < count; i++) {
    const source = i % 3 === 0 ? "prod-1/apiserver-1" : "prod-1/apiserver-0"
    if (i % 29 === 28)
      given.push({ source, kind: "log", body: `not an event ${i}`, words: [["quarantined", "notJson"]] })
    else if (i % 31 === 30) given.push({ source: "prod-2/apiserver-0", body: eventOf(i - 7) })
    else if (i % 37 === 36) given.push({ source, body: eventOf(i - 9) })
    else given.push({ source, body: eventOf(i) })
  }
  return placeRecords(given)
}

function eventOf(i: number): string {
  const at = new Date(NOON / 1000 - 7_200_000 + i * 25_000).toISOString().replace("Z", "000Z")
  const verb = ["get", "list", "create", "delete"][i % 4]
  const event = {
    level: "Request",
    auditID: createHash("md5").update(String(i)).digest("hex"),
    stage: "ResponseComplete",
    requestURI: `/api/v1/namespaces/ns-${i % 5}/secrets/s-${i}`,
    verb,
    user: { username: `user-${i % 7}`, groups: ["devs", `team-${i % 3}`] },
    sourceIPs: [`10.0.0.${i % 250}`],
    objectRef: { resource: i % 2 === 0 ? "secrets" : "pods", namespace: `ns-${i % 5}`, name: `s-${i}` },
    responseStatus: { code: i % 6 === 5 ? 403 : 200 },
    ...(verb === "create"
      ? { requestObject: { spec: { replicas: i % 10 }, metadata: { labels: { "a.b/c": "x" } } } }
      : {}),
    annotations: { "authorization.k8s.io/decision": i % 6 === 5 ? "forbid" : "allow" },
    requestReceivedTimestamp: at,
    stageTimestamp: at,
  }
  return i % 17 === 16 ? JSON.stringify(event, null, 1) : JSON.stringify(event)
}

function blocksOf(count: number, size = 50): SealedSeed[] {
  const blocks: SealedSeed[] = []
  for (let first = 0; first < count; first += size) {
    const seed = new Uint8Array(16).fill(blocks.length + 1)
    blocks.push({ number: blocks.length, first, count: Math.min(size, count - first), seed })
  }
  return blocks
}

async function openTestSearch(
  context: TestContext,
  dir: string,
  options: Partial<SearchOptions> = {},
): Promise<{ search: SearchProcess; troubles: Refusal[] }> {
  const troubles: Refusal[] = []
  const search = openSearch({
    dir,
    onSegment: () => Promise.resolve(),
    onTrouble: (refusal) => troubles.push(refusal),
    ...options,
  })
  context.after(() => search.close())
  await search.ready()
  return { search, troubles }
}

const never = new AbortController().signal

type Asked = Partial<QueryRequest>
async function ask(
  search: Pick<SearchProcess, "query">,
  text: string,
  asked: Asked = {},
): Promise<{ rows: readonly Row[]; partial: string | undefined }> {
  const rows: Row[] = []
  const request = { text, now: NOON, rowsMax: 100_000, timeoutMs: 30_000, ...asked }
  for await (const message of search.query(request, never)) {
    if (message.kind === "rows") rows.push(...message.rows)
    else {
      assert.equal(message.rows, rows.length)
      return { rows, partial: message.partial }
    }
  }
  throw new Error("the answer has no end")
}

const plain = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(Object.entries(row).sort()))

const QUERIES: readonly (readonly [text: string, asked: Asked])[] = [
  ["*", {}],
  ["* | fields record, _time, _msg", {}],
  ["verb:=delete | sort by (_time desc) limit 7", {}],
  ["verb:=delete | sort by (_time) | offset 3 | limit 7 | fields record, raw", {}],
  ["*", { limit: 5 }],
  ["*", { limit: 5, offset: 3 }],
  ["_time:30m", {}],
  ["_time:[now-2h, now-1h] verb:in(get, list) | fields record", {}],
  ["*", { start: NOON - HOUR, end: NOON - HOUR / 2 }],
  ["requestObject.spec.replicas:>5 | fields record, requestObject.spec.replicas", {}],
  [`"requestObject.metadata.labels.a.b/c":=x | stats count() n`, {}],
  [`"annotations.authorization.k8s.io/decision":=forbid | stats by (user.username) count() n`, {}],
  ["user.groups:=team-1 | stats count_uniq(user.username) users, count() n", {}],
  ["* | stats by (_time:10m, verb) count() n, max(_time) last", {}],
  ["* | stats by (source) count() n", {}],
  [`source:="prod-1/apiserver-1" | fields record`, {}],
  ["kind:=log | fields record, raw, words", {}],
  [`auditID:="${createHash("md5").update("11").digest("hex")}" | fields record, auditID`, {}],
  ["* | sort by (objectRef.name desc) limit 4", {}],
  ["* | top 3 by (user.username, verb)", {}],
  ["duplicateOf:* | fields record, duplicateOf", {}],
  ["* | uniq by (objectRef.namespace)", {}],
  ["* | field_names", {}],
  [`sourceIPs:ipv4_range(10.0.0.0/29) | fields sourceIPs, record`, {}],
  ["s-42 | fields record", {}],
  ["nothing_like_this", {}],
]

test("the same rows, whether records are in the tail, in segments or half and half, here or in a child", async (context) => {
  const dir = temporaryFolder(context)
  const records = someRecords(300)
  const position = await writeJournal(join(dir, "journal"), records, 20)
  const { search, troubles } = await openTestSearch(context, dir)
  search.inform({ position, blocks: [] })
  const inTail = await Promise.all(QUERIES.map(([text, asked]) => ask(search, text, asked)))
  assert.ok(inTail[0]!.rows.length > 250 && inTail.at(-1)!.rows.length === 0)
  assert.deepEqual(new Set(inTail.map(({ partial }) => partial)), new Set([undefined]))

  for (const sealed of [4, 6]) {
    search.inform({ position, blocks: blocksOf(300).slice(0, sealed) })
    await search.flush()
    for (const [i, [text, asked]] of QUERIES.entries()) {
      const { rows, partial } = await ask(search, text, asked)
      assert.equal(partial, undefined)
      const ordered = /sort|field_names/.test(text) || asked.limit !== undefined
      const [a, b] = [plain(rows), plain(inTail[i]!.rows)]
      assert.deepEqual(
        ordered ? a : a.sort(),
        ordered ? b : b.sort(),
        `${text} with ${sealed} blocks in segments`,
      )
    }
  }
  const local = await openLocalSearch(dir)
  for (const [i, [text, asked]] of QUERIES.entries()) {
    const { rows } = await ask(local, text, asked)
    assert.deepEqual(plain(rows).sort(), plain(inTail[i]!.rows).sort(), text)
  }
  await local.close()
  assert.deepEqual(troubles, [])
})
