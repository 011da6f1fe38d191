import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Refusal } from "../../src/base/refusal.ts"
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
      given.push({
        source,
        kind: "log",
        body: Buffer.from(`not an event ${i}`),
        words: [["quarantined", "notJson"]],
      })
    else if (i % 31 === 30) given.push({ source: "prod-2/apiserver-0", body: Buffer.from(eventOf(i - 7)) })
    else if (i % 37 === 36) given.push({ source, body: Buffer.from(eventOf(i - 9)) })
    else given.push({ source, body: Buffer.from(eventOf(i)) })
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
    heldByJournal: () => [],
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
  ["*:=team-1 verb:get | fields record", {}],
  ["requestObject.*:=x or !*:s | fields record", {}],
  ["*:~forb | sort by (_time) limit 5 | fields record", {}],
  ["stage:* *:forbid | stats count() n", {}],
  ["user.username:in(responseStatus.code:=403 | fields user.username) verb:=get | fields record", {}],
  ["auditID:in(verb:=delete | sort by (_time desc) limit 3 | fields auditID) | fields record", {}],
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
    const unordered = await ask(local, text, { ...asked, unordered: true })
    assert.deepEqual(plain(unordered.rows).sort(), plain(rows).sort(), `${text} in any order`)
  }
  for (const filter of ["*", "kind:=k8s.audit", "verb:=get"]) {
    const { rows } = await ask(local, `${filter} | fields raw, rawEncoding`, {})
    const bodies: string[] = []
    const take = async (bytes: Uint8Array) => void bodies.push(Buffer.from(bytes).toString())
    const request = { text: filter, now: NOON, rowsMax: Number.MAX_SAFE_INTEGER, timeoutMs: 60_000 }
    const ending = await local.bodies(request, take, new AbortController().signal)
    assert.equal(ending.partial, undefined)
    assert.ok(bodies.length > 0)
    const expected = rows.map(({ raw = "", rawEncoding }) =>
      rawEncoding === "base64" ? Buffer.from(raw, "base64").toString() : raw,
    )
    assert.deepEqual(bodies.toSorted(), expected.toSorted(), `bodies of ${filter}`)
  }
  await local.close()
  assert.deepEqual(troubles, [])
})

/** Six deliveries: 1 and 2 repeat 0 from elsewhere, 3 comes from another cluster, 4 has the log's prefix, 5 no time. */
const DELIVERIES: readonly (readonly [source: string, body: string])[] = [
  ["prod-1/a", bodyAt("id-1")],
  ["prod-1/b", bodyAt("id-1")],
  ["prod-1/a", bodyAt("id-1")],
  ["prod-2/a", bodyAt("id-1")],
  ["prod-1/log", bodyAt("id-1").replace("{", '{"kind":"Event","apiVersion":"audit.k8s.io/v1",')],
  ["prod-1/a", bodyAt("id-2")],
]

function bodyAt(auditID: string): string {
  const at = "2026-11-20T11:00:00.000000Z"
  return JSON.stringify({ auditID, stage: "ResponseComplete", verb: "get", stageTimestamp: at })
}

const shown: readonly (readonly [why: string, text: string, records: readonly number[]])[] = [
  ["each event once in a cluster", "*", [0, 3, 5]],
  ["a filter on the event", "verb:=get auditID:=id-1", [0, 3]],
  ["a time", "_time:2h", [0, 3, 5]],
  ["the first is not in the result: the second is shown", `source:="prod-1/b"`, [1]],
  ["the first is in the result too: the third is not shown", `source:="prod-1/a"`, [0, 5]],
  ["either source: the first stands for all", `source:in("prod-1/a", "prod-1/b")`, [0, 5]],
  ["two that repeat one that is not there: both are shown", `source:in("prod-1/b", "prod-1/log")`, [1, 4]],
  ["the stream is of the delivery", `{source!="prod-1/a"}`, [1, 3, 4]],
  ["the cluster is of the event", `{cluster="prod-1"}`, [0, 5]],
  ["numbers of records", "record:>0 record:<3", [1, 2]],
  ["repetitions are asked for", "duplicateOf:*", [1, 2, 4]],
  ["what only the log writes", "apiVersion:*", [4]],
]
test("a delivery is hidden only when the one it repeats is in the result", async (context) => {
  const dir = temporaryFolder(context)
  const given = DELIVERIES.map(([source, body]) => ({ source, body: Buffer.from(body) }))
  const position = await writeJournal(join(dir, "journal"), placeRecords(given))
  const { search } = await openTestSearch(context, dir)
  for (const blocks of [[], blocksOf(6, 2).slice(0, 2), blocksOf(6, 2)]) {
    search.inform({ position, blocks })
    await search.flush()
    for (const [why, text, records] of shown) {
      const { rows } = await ask(search, `${text} | fields record`)
      assert.deepEqual(
        rows.map((row) => Number(row.record)).sort(),
        records,
        `${why}, ${blocks.length} blocks in segments`,
      )
    }
  }
})

test("the newest rows come first, across segments that overlap in time", async (context) => {
  const dir = temporaryFolder(context)
  // Late deliveries: time and number go different ways.
  const given = Array.from({ length: 120 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 10, 20, 0, (i * 37) % 120)).toISOString().replace("Z", "000Z")
    return {
      body: Buffer.from(
        JSON.stringify({ auditID: `${i}`, stage: "RequestReceived", verb: "get", stageTimestamp: at }),
      ),
    }
  })
  const position = await writeJournal(join(dir, "journal"), placeRecords(given))
  const { search } = await openTestSearch(context, dir)
  search.inform({ position, blocks: [] })
  for (let sealed = 1; sealed <= 3; sealed++) {
    search.inform({ position, blocks: blocksOf(120, 30).slice(0, sealed) })
    await search.flush()
  }
  const times = async (text: string, asked: Asked = {}) =>
    (await ask(search, text, asked)).rows.map((row) => row._time?.slice(11, 16))
  assert.deepEqual(await times("* | sort by (_time desc) limit 3"), ["01:59", "01:58", "01:57"])
  assert.deepEqual(await times("* | sort by (_time) limit 3"), ["00:00", "00:01", "00:02"])
  assert.deepEqual(await times("* | sort by (_time desc) offset 2 limit 2 | fields _time"), [
    "01:57",
    "01:56",
  ])
  assert.deepEqual(await times("* | fields _time", { limit: 3 }), ["01:59", "01:58", "01:57"])
  assert.deepEqual(await times("*", { limit: 2, offset: 4 }), ["01:55", "01:54"])
  assert.deepEqual(await times("* | limit 2"), ["01:59", "01:58"])
  assert.deepEqual(await times("* | last 2 by (_time)"), ["01:59", "01:58"])
  assert.equal((await times("*")).length, 120)
})

test("a limit cuts the answer with a mark, never silently", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(300), 20)
  const { search } = await openTestSearch(context, dir)
  search.inform({ position, blocks: [] })
  const rows = await ask(search, "*", { rowsMax: 10 })
  assert.equal(rows.rows.length, 10)
  assert.match(rows.partial ?? "", /^rows: /)
  assert.equal((await ask(search, "* | limit 10", { rowsMax: 10 })).partial, undefined)
  assert.match(
    (await ask(search, "* | sort by (user.username)", { memoryMax: 1_000 })).partial ?? "",
    /^memory: /,
  )
  assert.match((await ask(search, "* | uniq by (auditID)", { memoryMax: 1_000 })).partial ?? "", /^memory: /)
  assert.match((await ask(search, "*", { timeoutMs: 0 })).partial ?? "", /^time: /)
})

test("a query that needs more than the engine may have ends with the mark; the process lives on", async (context) => {
  const dir = temporaryFolder(context)
  const size = 400_000
  const bodies = Array.from({ length: 200 }, (_, i) =>
    JSON.stringify({ auditID: `${i}`, stage: "ResponseComplete", requestObject: `${i}${"x".repeat(size)}` }),
  )
  const position = await writeJournal(
    join(dir, "journal"),
    placeRecords(bodies.map((body) => ({ body }))),
    10,
  )
  const writer = (await openTestSearch(context, dir)).search
  writer.inform({ position, blocks: blocksOf(200) })
  await writer.flush()
  await writer.close()
  const limits = { memoryMax: 48 * 1024 ** 2, tempMax: 1024 ** 2 }
  const { search, troubles } = await openTestSearch(context, dir, { limits })
  const { pid } = search
  const whole = await ask(search, "* | stats count() n")
  assert.deepEqual([whole.rows[0]?.n, whole.partial], ["200", undefined])
  const text = "* | stats by (raw) count() n | fields n"
  assert.match((await ask(search, text)).partial ?? "", /^memory: /)
  // A column that fits: the time is what ends it.
  assert.match((await ask(search, "auditID:nothing_like_this", { timeoutMs: 0 })).partial ?? "", /^time: /)
  assert.deepEqual(await ask(search, "* | stats count() n"), whole)
  assert.deepEqual([search.pid, troubles], [pid, []])
})

test("a query inside another is answered first, with the outer one's bounds, filters and limits", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(200), 20)
  const { search } = await openTestSearch(context, dir)
  search.inform({ position, blocks: [] })
  const count = async (text: string, asked: Asked = {}) => (await ask(search, text, asked)).rows.length
  const found = [...new Set((await ask(search, "verb:=delete")).rows.map((row) => row["user.username"]))]
  assert.equal(
    await count("user.username:in(verb:=delete | fields user.username)"),
    await count(`user.username:in(${found.join(",")})`),
  )
  assert.equal(
    await count(
      "user.username:in(user.username:in(verb:=delete | fields user.username) | uniq by (user.username))",
    ),
    await count(`user.username:in(${found.join(",")})`),
  )
  const nameless =
    "!user.username:in(user.username:* | stats by (user.username) count() n | fields user.username)"
  assert.equal(await count(nameless), await count(`user.username:""`))
  const nobody = "user.username:in(user.username:=nobody | fields user.username)"
  assert.equal(await count(nobody), 0)
  assert.equal(
    await count(`user.username:in(verb:=delete | fields user.username)`, {
      filters: ["user.username:=user-1"],
    }),
    await count("user.username:=user-1"),
  )
  const many = Array.from({ length: 17 }, () => nobody).join(" ")
  await assert.rejects(ask(search, many), { code: "query.tooLarge" })
  const cut = await ask(search, "user.username:in(* | sort by (n) | fields user.username)", {
    memoryMax: 1_000,
  })
  assert.match(cut.partial ?? "", /^inside in\(…\): memory/)
})

test("one query's refusal is its own", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(50), 20)
  const { search } = await openTestSearch(context, dir)
  search.inform({ position, blocks: [] })
  await assert.rejects(ask(search, "foo | bogus("), { code: "query.malformed" })
  await assert.rejects(ask(search, "foo | block_stats"), { code: "query.unsupported" })
  await assert.rejects(ask(search, "(".repeat(10_000)), { code: "query.tooLarge" })
  assert.ok((await ask(search, "*")).rows.length > 0)
})

test("a reader that stops reading holds nothing up, and its query ends", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(6_000), 500)
  const { search } = await openTestSearch(context, dir, { limits: { queriesMax: 2, waitingMax: 1 } })
  search.inform({ position, blocks: [] })
  const request = { text: "*", now: NOON, rowsMax: 100_000, timeoutMs: 30_000 }
  const stops = [new AbortController(), new AbortController(), new AbortController()]
  const slow = stops.map((stop) => search.query(request, stop.signal)[Symbol.asyncIterator]())
  assert.ok(
    (await Promise.all(slow.slice(0, 2).map((reader) => reader.next()))).every(({ done }) => done === false),
  )
  const third = slow[2]!.next()
  await assert.rejects(ask(search, "*"), { code: "search.busy" })
  stops[0]!.abort()
  assert.equal((await third).done, false, "a place is free again")
  await slow[1]!.return?.()
  stops[2]!.abort()
  assert.equal((await ask(search, "* | stats count() n")).rows.length, 1)
})

test("the child is killed again and again while queries run: each ends, and the next child knows everything", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(2_000), 100)
  const troubles: Refusal[] = []
  let ended = Promise.withResolvers<void>()
  const { search } = await openTestSearch(context, dir, {
    onTrouble: (refusal) => {
      troubles.push(refusal)
      if (refusal.code === "search.unavailable") ended.resolve()
    },
  })
  search.inform({ position, blocks: blocksOf(2_000).slice(0, 20) })
  const whole = (await ask(search, "* | stats count() n")).rows[0]?.n
  let refused = 0
  for (let round = 0; round < 4; round++) {
    ended = Promise.withResolvers()
    if (round === 0) process.kill(search.pid ?? 0, "SIGSTOP") // once no answer is quicker than its death
    const running = ["*", "* | stats by (verb) count() n", "* | sort by (_msg)", "* | uniq by (auditID)"].map(
      (text) => ask(search, text),
    )
    if (round % 2 === 1) search.flush().catch(() => undefined)
    process.kill(search.pid ?? 0, "SIGKILL")
    await ended.promise
    assert.equal(search.state === "ready", false)
    await assert.rejects(ask(search, "*"), { code: "search.unavailable" })
    for (const answer of await Promise.allSettled(running)) {
      if (answer.status === "fulfilled") continue
      assert.equal((answer.reason as Refusal).code, "search.unavailable")
      refused++
    }
    await search.ready()
    assert.equal((await ask(search, "* | stats count() n")).rows[0]?.n, whole)
  }
  assert.ok(refused >= 4 && troubles.length >= 4)
})

test("a segment that cannot be recorded is not used, and its records are not lost", async (context) => {
  const dir = temporaryFolder(context)
  const position = await writeJournal(join(dir, "journal"), someRecords(100), 10)
  let recorded = 0
  const refuse = () => {
    recorded++
    return Promise.reject(new Refusal("journal.unavailable", "the disk is full"))
  }
  const { search, troubles } = await openTestSearch(context, dir, { onSegment: refuse })
  search.inform({ position, blocks: blocksOf(100) })
  const before = (await ask(search, "*")).rows.length
  await search.flush()
  assert.equal(recorded, 1)
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ["journal.unavailable"],
  )
  assert.equal((await ask(search, "*")).rows.length, before)
})
