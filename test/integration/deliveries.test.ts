/**
 * One event on every way in, again and again, over a restart: what it says stays byte for byte, every delivery is kept and
 * can be proved, and questions see one event.
 */
import assert from "node:assert/strict"
import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { findField } from "../../src/event/fields.ts"
import { verifyReceipt } from "../../src/tlog/receipt-check.ts"
import {
  eventually,
  queryRows,
  type Server,
  startServer,
  tallystick,
  temporaryFolder,
} from "../support/server.ts"

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let log: string
let server: Server

const env = (): Record<string, string> => ({ XDG_STATE_HOME: join(folder.path, "state") })

function start(): Promise<Server> {
  return startServer(dir, { args: ["--config", join(folder.path, "tallystick.yaml")] })
}

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "data")
  log = join(folder.path, "audit.log")
  await writeFile(log, "")
  await writeFile(
    join(folder.path, "tallystick.yaml"),
    `intake: { files: [{ path: ${log}, source: prod-1/file }] }\nsegments: { recordsMin: 100 }\n`,
  )
  server = await start()
})
after(async () => {
  await server.end()
  await folder.remove()
})

const query = (text: string) => queryRows(server.url, text)

async function send(path: string, ...items: readonly string[]): Promise<void> {
  const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`
  const answer = await fetch(`${server.url}${path}?timeout=30s`, { method: "POST", body })
  assert.deepEqual([answer.status, await answer.text()], [200, ""])
}

async function count(text: string): Promise<number> {
  const [row] = await query(`${text} | stats count() n`)
  return Number(row?.n)
}

const plain = (id: string, at = "2026-01-02T03:04:05.000006Z"): string =>
  `{"level":"Metadata","auditID":"${id}","stage":"ResponseComplete","requestURI":"/api/v1/pods","verb":"list","user":{"username":"u"},"stageTimestamp":"${at}"}`

/** What no table here can know, in every place where a later version may put it; numbers that no double holds. */
const FUTURE = `"future":{"deep":[9007199254740993,-0.0,1e400,"\\u0000\\ud800<>&",{"items":[]}]}`
/** Every field of audit.k8s.io/v1, by its values: a column for each is asked for below. */
const EVERY =
  `{"level":"RequestResponse","auditID":"every-field","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/prod/pods/web-0/status?dryRun=All",
 "verb":"update","user":{"username":"ci","uid":"u-1","groups":["a","b"],"extra":{"k/x":["1","2"]},${FUTURE}},
 "impersonatedUser":{"username":"bot","uid":"u-2","groups":["c"],"extra":{"y":["3"]}},"authenticationMetadata":{"impersonationConstraint":"impersonate:user-info"},
 "sourceIPs":["192.0.2.1","192.0.2.2"],"userAgent":"kubectl/v1.35 <b>",
 "objectRef":{"resource":"pods","namespace":"prod","name":"web-0","uid":"o-1","apiGroup":"apps","apiVersion":"v1","resourceVersion":"7","subresource":"status",${FUTURE}},
 "responseStatus":{"metadata":{},"status":"Failure","message":"no","reason":"Conflict","code":409,"details":{"name":"web-0"}},
 "requestObject":{"kind":"Pod","n":18446744073709551616},"responseObject":{"kind":"Pod","t":"2026-01-02T03:04:05.120000Z"},
 "requestReceivedTimestamp":"2026-01-02T03:04:05.120000Z","stageTimestamp":"2026-01-02T03:04:05.130000Z",
 "annotations":{"authorization.k8s.io/decision":"allow","x":"\\"é\\u00e9"},${FUTURE}}`.replaceAll(/\n */g, "")
const ASKED: Readonly<Record<string, string>> = {
  level: "RequestResponse",
  stage: "ResponseComplete",
  requestURI: "/api/v1/namespaces/prod/pods/web-0/status?dryRun=All",
  verb: "update",
  "user.username": "ci",
  "user.uid": "u-1",
  "impersonatedUser.username": "bot",
  "impersonatedUser.uid": "u-2",
  "authenticationMetadata.impersonationConstraint": "impersonate:user-info",
  userAgent: "kubectl/v1.35 <b>",
  "objectRef.resource": "pods",
  "objectRef.namespace": "prod",
  "objectRef.name": "web-0",
  "objectRef.uid": "o-1",
  "objectRef.apiGroup": "apps",
  "objectRef.apiVersion": "v1",
  "objectRef.resourceVersion": "7",
  "objectRef.subresource": "status",
  "responseStatus.code": "409",
  "responseStatus.status": "Failure",
  "responseStatus.reason": "Conflict",
  "responseStatus.message": "no",
}

async function receiptOf(record: string): Promise<string> {
  return eventually(`record ${record} is sealed`, 10_000, async () => {
    const proved = await tallystick(["prove", record, "--dir", dir], { env: env() })
    return proved.code === 0 ? proved.stdout : undefined
  })
}

async function verifierKey(): Promise<string> {
  return (await tallystick(["keys", "show", "--public", "--dir", dir], { env: env() })).stdout.trim()
}

test("an event with every field, and with fields nobody knows yet, comes out byte for byte: of the journal, a segment, a receipt", async () => {
  await send("/audit/prod-1", plain("before"), EVERY, plain("after"))
  const found = async () => (await query("auditID:=every-field | fields raw, record"))[0]
  const inTail = await found()
  assert.equal(inTail?.raw, EVERY)
  await send("/audit/prod-2", ...Array.from({ length: 120 }, (_, i) => plain(`filler-${i}`)))
  await eventually("a segment holds it", 20_000, async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    const [, unsegmented] = /^tallystick_unsegmented_records(?:\{.*\})? (\d+)$/m.exec(metrics) ?? []
    return Number(unsegmented) < 100 ? true : undefined
  })
  assert.equal((await found())?.raw, EVERY)
  const { body } = verifyReceipt(await receiptOf(inTail?.record ?? ""), [await verifierKey()])
  assert.equal(Buffer.from(body ?? []).toString(), EVERY)
})

for (const [field, value] of Object.entries(ASKED)) {
  test(`it is found by its ${field}`, async () => {
    assert.ok(findField(field) !== undefined, "a field of the catalogue")
    assert.equal(await count(`auditID:=every-field ${field}:=${JSON.stringify(value)}`), 1)
    assert.equal(await count(`auditID:=every-field ${field}:="${value}-not"`), 0)
  })
}

test("each of its groups, addresses, extras and annotations finds it too", async () => {
  for (const words of [
    "user.groups:b",
    "impersonatedUser.groups:c",
    `sourceIPs:"192.0.2.2"`,
    `user.extra.k/x:"2"`,
    "impersonatedUser.extra.y:3",
    `annotations.authorization.k8s.io/decision:=allow`,
    `requestReceivedTimestamp:="2026-01-02T03:04:05.120000Z"`,
    `stageTimestamp:="2026-01-02T03:04:05.130000Z"`,
  ]) {
    assert.equal(await count(`auditID:=every-field ${words}`), 1, words)
  }
})

test("four stages of one request are four records and one request", async () => {
  const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]
  await send("/audit/prod-1", ...stages.map((stage) => plain("staged").replace("ResponseComplete", stage)))
  const rows = await query("auditID:=staged stage:* | fields record, stage")
  assert.deepEqual(rows.map(({ stage }) => stage).sort(), stages.toSorted())
  assert.equal(await count("auditID:=staged"), 1)
})

const ONCE = plain("thrice")
const AS_LOGGED = ONCE.replace("{", '{"kind":"Event","apiVersion":"audit.k8s.io/v1",')

test("by webhook, by its repetition and by the followed log, over a restart: one event to every question, three records to prove", async () => {
  await send("/audit/prod-1/hook", ONCE)
  await send("/audit/prod-1/hook", ONCE)
  await server.end()
  server = await start()
  await appendFile(log, `${AS_LOGGED}\n`)
  await eventually("the log was read", 20_000, async () =>
    (await count("source:=prod-1/file")) > 0 ? true : undefined,
  )
  const asked = async (): Promise<void> => {
    assert.equal(await count("auditID:=thrice"), 1)
    assert.equal((await query("auditID:=thrice")).length, 1)
    assert.deepEqual(await query("auditID:=thrice | stats by (verb) count() n"), [{ verb: "list", n: "1" }])
    assert.equal((await query("auditID:=thrice | sort by (_time) limit 10")).length, 1)
  }
  await asked()
  const fields = "| fields record, source, duplicateOf, raw"
  const [first, ...others] = await query(`auditID:=thrice ${fields}`)
  assert.deepEqual(others, [])
  const repeated = await query(`auditID:=thrice duplicateOf:* ${fields}`)
  assert.deepEqual(
    repeated.map(({ duplicateOf }) => duplicateOf),
    [first?.record, first?.record],
  )
  const deliveries = [...(first === undefined ? [] : [first]), ...repeated]
  assert.deepEqual(deliveries.map(({ source, raw }) => [source, raw]).sort(), [
    ["prod-1/file", AS_LOGGED],
    ["prod-1/hook", ONCE],
    ["prod-1/hook", ONCE],
  ])
  const key = await verifierKey()
  for (const { record = "", raw } of deliveries) {
    const proved = verifyReceipt(await receiptOf(record), [key])
    assert.deepEqual([proved.record, Buffer.from(proved.body ?? []).toString()], [Number(record), raw])
  }
  await server.end()
  server = await start()
  await asked()
})

test("logs of a year ago keep their own time and say that they were imported; a second import counts nothing twice", async () => {
  const file = join(folder.path, "old.jsonl")
  const lines = Array.from({ length: 50 }, (_, i) =>
    plain(`old-${i}`, `2025-01-02T03:04:${String(i).padStart(2, "0")}.000000Z`),
  )
  await writeFile(file, lines.join("\n"))
  for (let time = 0; time < 2; time++) {
    const ran = await tallystick(["import", file, "--source", "prod-1/old", "--server", server.url], {
      env: env(),
    })
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(ran.stderr.includes("was imported before"), time === 1)
    assert.equal(await count("auditID:old-*"), 50)
    assert.equal(await count("_time:2025-01-02 auditID:*"), 50, "their own time")
  }
  assert.equal(await count("source:=prod-1/old words:imported"), 50, "marked")
  assert.equal(await count("source:=prod-1/old words:imported duplicateOf:*"), 50, "every delivery is kept")
  const verified = await tallystick(["verify", dir, "--key", await verifierKey(), "--columns"], {
    env: env(),
  })
  assert.equal(verified.code, 0, verified.stdout)
})
