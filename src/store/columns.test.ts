import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { openTestDuckdb, type TestDuckdb } from "../../test/support/duckdb.ts"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { recordedLog } from "../../test/support/recorded.ts"
import { isRefusal } from "../base/refusal.ts"
import { parseMicros } from "../base/time.ts"
import { actorKind } from "../event/actor.ts"
import { EVENT_FIELDS, FIELDS } from "../event/fields.ts"
import { type Event, parseEvent, readField } from "../event/parse.ts"
import { formatWords, type PlacedRecord } from "../event/record.ts"
import { sliceEvents } from "../event/slice.ts"
import { summariseFields } from "../event/summary.ts"
import { COLUMNS, ident, MSG_SQL, SAID, STAGED_TEXT, stagedSelect, timeSql, withSaid } from "./columns.ts"
import { stageJournal } from "./stage.ts"
import { createTail, dropTail, loadStaged, removeStaged } from "./table.ts"

let world: TestDuckdb
before(async () => {
  world = await openTestDuckdb()
})
after(() => world.close())

type Row = Readonly<Record<string, unknown>>

/**
 * What the columns of the records are when they have gone through journal, staging and SQL; times in
 * microseconds.
 */
async function columnsOf(records: readonly PlacedRecord[]): Promise<Row[]> {
  const { db, dir } = world
  const end = await writeJournal(join(dir, "journal"), records)
  const first = records[0]?.number ?? 0
  const staged = await stageJournal({
    journalDir: join(dir, "journal"),
    end,
    first,
    path: join(dir, "tmp", "t"),
  })
  await createTail(db, "t")
  try {
    await loadStaged(db, "t", staged)
    const times = COLUMNS.filter(({ type }) => type === "TIMESTAMP").map(
      ({ name }) => `epoch_us(${ident(name)}) AS ${ident(name)}`,
    )
    const rows = await db.query(
      `SELECT to_json(q)::VARCHAR, encode(raw) FROM (SELECT * EXCLUDE (raw, ${SAID}) REPLACE (${times.join(", ")}), ${MSG_SQL} AS _msg
       FROM ${withSaid("t")}) AS q JOIN t AS r ON q.record = r.record ORDER BY r.record`,
    )
    return [...rows.batches()].flatMap((batch) => {
      const [columns, raw] = [batch.column(0), batch.column(1)]
      const at = (row: number): Row => ({
        ...JSON.parse(columns.text(row) ?? "null"),
        raw: Buffer.from(raw.bytes(row) ?? []).toString(),
      })
      return Array.from({ length: batch.count }, (_, row) => at(row))
    })
  } finally {
    await dropTail(db, "t")
    await removeStaged(staged)
  }
}

/** The same in JavaScript. */
function expected(record: PlacedRecord): Row {
  const { number, receivedAt, source, n, kind, words } = record
  const body = Buffer.from(record.body)
  const quarantined = words.some(([key]) => key === "quarantined")
  const event = kind === "k8s.audit" && !quarantined ? parseEvent(record.body) : undefined
  const fields = Object.fromEntries(EVENT_FIELDS.map(({ name, type }) => [name, columnOf(event, name, type)]))
  const isText = Buffer.from(body.toString(), "utf8").equals(body) && !/[\0-\x1f]/.test(body.toString())
  const cluster = source.split("/")[0] ?? ""
  const user = event === undefined ? undefined : readField(event, "user.username")
  const groups = event === undefined ? undefined : readField(event, "user.groups")
  return {
    record: number,
    receivedAt,
    source,
    n,
    kind,
    words: words.length === 0 ? null : formatWords(words).slice(1),
    duplicateOf: null,
    _time: fields.stageTimestamp ?? fields.requestReceivedTimestamp ?? receivedAt,
    _stream: `{cluster="${cluster}",kind="${kind}",source="${source}"}`,
    cluster,
    "actor.kind": event === undefined ? null : actorKind(user as string, (groups as string[]) ?? []),
    ...fields,
    raw: isText ? body.toString() : body.toString("base64"),
    rawEncoding: isText ? "text" : "base64",
    seed: null,
    salt: null,
    digest: null,
    leafHint: null,
    // A record of the ledger's own says what it is, all these are of one kind; a line that is no JSON says itself.
    _msg:
      kind === "tallystick"
        ? "tallystick: segment.made"
        : kind === "log" && isText && !quarantined && !/^ *\{/.test(body.toString())
          ? body.toString()
          : summariseFields({ ...fields, kind, source, words: formatWords(words).slice(1) }),
  }
}

function columnOf(event: Event | undefined, name: string, type: string): unknown {
  const value = event === undefined ? undefined : readField(event, name)
  if (value === undefined) return null
  if (type === "time") return timeOf(value as string) ?? null
  if (type === "integer") return Math.abs(value as number) < 1e15 ? (value as number) + 0 : null
  return wellFormed(value)
}

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner)]),
  )
}

function timeOf(text: string): number | undefined {
  const form =
    /^(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
  const [, seconds, fraction = "", zone] = form.exec(text) ?? []
  const day = text.slice(0, 10)
  const millis = Date.parse(`${seconds}${zone}`)
  if (Number.isNaN(millis) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day)
    return undefined
  const micros = millis * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6))
  return micros >= 0 && micros < Date.UTC(2255, 0) * 1000 ? micros : undefined
}

/** As intake would deliver it: quarantined where the slicer says so. */
function received(body: Buffer | string): GivenRecord {
  const bytes = Buffer.from(body)
  const quarantine = (code: string): GivenRecord => ({ body: bytes, words: [["quarantined", code]] })
  try {
    const { items } = sliceEvents(bytes)
    const [item] = items
    if (items.length !== 1 || item === undefined || item.end - item.start !== bytes.length)
      return quarantine("syntax")
    return item.quarantined === undefined ? { body: bytes } : quarantine(item.quarantined)
  } catch (error) {
    if (isRefusal(error, "event.notJson")) return { ...quarantine("syntax"), kind: "log" }
    throw error
  }
}

const event = (members: string) => `{"auditID":"a","stage":"ResponseComplete"${members}}`

const HOSTILE: [why: string, body: Buffer | string][] = [
  ["only what an event must have", event("")],
  [
    "pretty-printed: newlines and tabs between members",
    JSON.stringify(JSON.parse(event(',"verb":"get"')), null, "\t"),
  ],
  ["a newline, a tab and a carriage return within a string", event(',"userAgent":"a\\tb\\nc\\r\\n"')],
  ["invalid UTF-8", Buffer.concat([Buffer.from('{"auditID":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')])],
  ["half a character at the end of a string", Buffer.from([...Buffer.from(event(',"verb":"g')), 0xe2, 0x82])],
  ["a lone high surrogate", event(',"userAgent":"x\\ud800y"')],
  ["a lone low surrogate in a key", event(',"annotations":{"k\\udc00":"v"}')],
  ["surrogates the wrong way round", event(',"userAgent":"\\udc00\\ud800"')],
  ["a surrogate after an escaped backslash", event(',"userAgent":"\\\\ud800 \\\\\\ud800"')],
  ["a lone surrogate in a body that has no column", event(',"verb":"get","requestObject":{"a":"\\ud800"}')],
  ["a pair of surrogates", event(',"userAgent":"\\ud83d\\ude00"')],
  ["no timestamps and a lone surrogate: _time is receivedAt", event(',"verb":"\\ud800"')],
  ["an empty body", ""],
  ["white space only", "   "],
  ["NUL bytes", Buffer.from("\0\0\0")],
  ["an escaped NUL", event(',"userAgent":"a\\u0000b","objectRef":{"name":"\\u0000"}')],
  ["what stands for NULL in the staged file", "\x01"],
  ["a backslash N", "\\N"],
  ["quotes that a reader of CSV might take", '"""'],
  ["a log line with quotes and commas", "E1120 12:00:00 \"a, b\" 'c'"],
  ["nested as deep as intake allows", event(`,"requestObject":${"[".repeat(510)}${"]".repeat(510)}`)],
  ["nested deeper", event(`,"requestObject":${"[".repeat(20_000)}${"]".repeat(20_000)}`)],
  [
    "wrong types everywhere",
    event(',"verb":5,"user":"x","objectRef":[],"responseStatus":7,"annotations":[]'),
  ],
  ["a number for a string", event(',"verb":5')],
  ["an object for a list", event(',"sourceIPs":{}')],
  [
    "nulls everywhere",
    event(',"verb":null,"user":null,"sourceIPs":null,"annotations":null,"stageTimestamp":null'),
  ],
  [
    "nulls within",
    event(',"user":{"username":null,"groups":null,"extra":null},"responseStatus":{"code":null}'),
  ],
  ["a member that stands twice", event(',"verb":"get","verb":"delete"')],
  ["a member that stands twice, within", event(',"user":{"username":"a","username":"b"}')],
  ["a key written with escapes", event(',"\\u0076erb":"get"')],
  ["huge numbers", event(',"responseStatus":{"code":123456789012345678901234567890}')],
  ["a number past all exponents", event(',"responseStatus":{"code":1e999}')],
  ["a code with an exponent", event(',"responseStatus":{"code":2e2}')],
  ["a code with a fraction", event(',"responseStatus":{"code":200.5}')],
  ["a code of minus nothing", event(',"responseStatus":{"code":-0}')],
  ["a code that is a string", event(',"responseStatus":{"code":"200"}')],
  [
    "Go's zero time",
    event(',"stageTimestamp":"0001-01-01T00:00:00Z","requestReceivedTimestamp":"2026-11-20T12:00:00Z"'),
  ],
  ["no time at all", event(',"stageTimestamp":"yesterday","requestReceivedTimestamp":""')],
  ["times with offset and nine digits", event(',"stageTimestamp":"2026-11-20T12:00:00.123456789+05:30"')],
  ["a day that does not exist", event(',"stageTimestamp":"2026-02-30T12:00:00Z"')],
  ["words DuckDB takes for times", event(',"stageTimestamp":"infinity","requestReceivedTimestamp":"epoch"')],
  ["a leap second", event(',"stageTimestamp":"2016-12-31T23:59:60Z"')],
  [
    "10,000 groups",
    event(
      `,"user":{"username":"u","groups":${JSON.stringify(Array.from({ length: 10_000 }, (_, i) => `g${i}`))}}`,
    ),
  ],
  [
    "empty list, map and strings",
    event(',"verb":"","user":{"username":"","groups":[],"extra":{}},"annotations":{}'),
  ],
  [
    "names JavaScript gives a meaning",
    event(',"annotations":{"__proto__":"x","constructor":"y","":"z"},"user":{"extra":{"__proto__":["a"]}}'),
  ],
  [
    "names SQL gives a meaning",
    event(',"user":{"username":"\'; DROP TABLE t; --"},"objectRef":{"name":"\\"a\\".b"}'),
  ],
  ["a list of events, not one", `[${event("")},${event("")}]`],
  ["a string", '"x"'],
  ["a trailing comma, which DuckDB forgives", event(',"verb":"get",')],
  ["NaN, which DuckDB forgives", event(',"verb":NaN')],
  ["a byte order mark", `\ufeff${event("")}`],
  [
    "who impersonates whom",
    event(
      ',"user":{"username":"a"},"impersonatedUser":{"username":"b","uid":"u","groups":["g"],"extra":{"k":["v","w"]}}',
    ),
  ],
  [
    "a line longer than the reader takes",
    event(`,"verb":"get","requestObject":"${"x".repeat(3 * 2 ** 20)}","level":"Request"`),
  ],
  ["the same in base64", event(`,"verb":"get",\n"requestObject":"${"x".repeat(2 ** 20)}","level":"Request"`)],
  ["a long list of groups", event(`,"user":{"groups":["a"${',""'.repeat(600_000)}]}`)],
  ["a long field", event(`,"userAgent":"${"é".repeat(2 ** 20)}"`)],
  [
    "20 MB of body",
    event(`,"verb":"create","requestObject":{"d":"${"y".repeat(20_000_000)}"},"annotations":{"a":"b"}`),
  ],
]

test("columns of hostile bodies are what JavaScript says", async () => {
  const records = placeRecords(HOSTILE.map(([, body]) => received(body)))
  const rows = await columnsOf(records)
  assert.equal(rows.length, records.length)
  for (const [i, row] of rows.entries()) assert.deepEqual(row, expected(records[i]!), HOSTILE[i]![0])
})

test("few records go in as one text, many as files: the columns are the same", async () => {
  const short = HOSTILE.flatMap(([, body]) => (body.length < 10_000 ? [received(body)] : []))
  const few = placeRecords(short)
  const filler = Array.from({ length: 5 }, () => received(Buffer.from(`"${"x".repeat(300_000)}"`)))
  const many = placeRecords([...short, ...filler])
  assert.deepEqual((await columnsOf(many)).slice(0, few.length), await columnsOf(few))
})

test("columns of recorded events are what JavaScript says", async () => {
  const records = placeRecords(recordedLog().map(received))
  const rows = await columnsOf(records)
  for (const [i, row] of rows.entries()) assert.deepEqual(row, expected(records[i]!), `event ${i}`)
})

test("other kinds keep their bytes and get no event columns, whatever they hold", async () => {
  const control = '{"kind":"segment.made","version":1}'
  const records = placeRecords([
    { body: event(',"verb":"get"'), kind: "app.audit", source: "shop" },
    { body: control, kind: "tallystick", source: "tallystick" },
    { body: "level=info", kind: "log", source: "prod-1/etcd" },
    {
      body: event(',"verb":"get"'),
      words: [
        ["imported", "i1"],
        ["original", "x=y"],
      ],
    },
    { body: event(',"verb":"get"'), words: [["quarantined", "type"]] },
  ])
  const rows = await columnsOf(records)
  for (const [i, row] of rows.entries()) assert.deepEqual(row, expected(records[i]!))
  assert.equal(rows[3]?.verb, "get")
  assert.equal(rows[3]?.words, "imported=i1 original=x=y")
})

test("what DuckDB refuses to read as an event is read by JavaScript", async () => {
  // As if staging had not noticed the surrogates: written by hand, past the journal.
  const body = event(',"verb":"get","userAgent":"\\ud800","user":{"username":"u","groups":["g"]}')
  const path = join(world.dir, "tmp", "by-hand")
  const line = `7 2026-11-20T12:00:00.000000Z prod 7 k8s.audit text\t${body}\t\t\t\n`
  writeFileSync(path, line)
  await createTail(world.db, "h")
  const counted = { records: 1, first: 7, next: 8, rawBytes: body.length }
  const cursor = { file: "", bytes: 0, next: 8 }
  await loadStaged(world.db, "h", { path, files: [path], long: [], ...counted, cursor })
  const row = (
    await world.db.query(`SELECT verb, "userAgent", "actor.kind", epoch_us("_time"), raw FROM h`)
  ).single()
  assert.deepEqual([row.text(0), row.text(1), row.text(2)], ["get", "\ufffd", "human"])
  assert.deepEqual([row.integer(3), row.text(4)], [NOON, body])
  await dropTail(world.db, "h")
})

test("there is a column for every field but _msg, which is an expression", () => {
  const names = new Set(COLUMNS.map(({ name }) => name))
  assert.deepEqual(
    FIELDS.map(({ name }) => name).filter((name) => !names.has(name)),
    ["_msg"],
  )
})

test("_msg in SQL is the sentence of the golden table", async () => {
  const path = join(import.meta.dirname, "../../test/golden/summaries.json")
  const golden: { why: string; fields: Record<string, unknown>; sentence: string }[] = JSON.parse(
    readFileSync(path, "utf8"),
  )
  const { db } = world
  for (const { why, fields, sentence } of golden) {
    const values = COLUMNS.map(({ name, type }) => {
      const value = fields[name] ?? (name === "kind" ? "k8s.audit" : undefined)
      if (value === undefined) return `NULL::${type} AS ${ident(name)}`
      const text = typeof value === "object" ? JSON.stringify(value) : String(value)
      const literal = `'${text.replaceAll("'", "''")}'`
      const cast = typeof value === "object" ? `from_json(${literal}, '"${type}"')` : `${literal}::${type}`
      return `${cast} AS ${ident(name)}`
    })
    const row = (
      await db.query(`SELECT ${MSG_SQL} FROM ${withSaid(`(SELECT ${values.join(", ")})`)}`)
    ).single()
    assert.equal(row.text(0), sentence, why)
  }
})

const TIMES: [text: string, micros: number | undefined][] = [
  ["2026-11-20T12:00:00Z", NOON],
  ["2026-11-20T12:00:00.000001Z", NOON + 1],
  ["2026-11-20T12:00:00.1Z", NOON + 100_000],
  ["2026-11-20T12:00:00.1234569Z", NOON + 123_456],
  ["2026-11-20T17:30:00+05:30", NOON],
  ["2026-11-20T00:00:00-12:00", NOON],
  ["2254-12-31T23:59:59.999999Z", parseMicros("2254-12-31T23:59:59.999999Z")],
  ["1970-01-01T00:00:00Z", 0],
  ...[
    "2255-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00+00:01",
    "2026-11-20 12:00:00Z",
    "2026-11-20T12:00:00",
    "2026-11-20T24:00:00Z",
    "2026-11-20T12:60:00Z",
    "2026-11-20T12:00:00.Z",
    "2026-11-20T12:00:00.1234567890Z",
    "2026-11-20t12:00:00z",
    "2026-11-20T12:00:00Z ",
    "2026-11-20T12:00:00+24:00",
    "2026-11-20T12:00:00+0100",
    "12026-11-20T12:00:00Z",
    "2026-13-20T12:00:00Z",
    "2026-11-31T12:00:00Z",
    "２０２６-11-20T12:00:00Z",
    "",
  ].map((text): [string, undefined] => [text, undefined]),
]
for (const [text, micros] of TIMES) {
  test(`a time ${JSON.stringify(text)} is ${micros === undefined ? "none" : micros}`, async () => {
    const row = (
      await world.db.query(`SELECT epoch_us(${timeSql("t")}) FROM (SELECT $1 AS t)`, [text])
    ).single()
    assert.equal(row.integer(0), micros)
    assert.equal(timeOf(text), micros, "the test's own reading")
  })
}

test("columns are made without a join: the newest records are loaded for nearly every question", async () => {
  const select = `EXPLAIN ${stagedSelect(STAGED_TEXT, "trusting")}`
  const plan = (await world.db.query(select, ["0 x\t{}\t\t\t"])).single().text(1) ?? ""
  assert.match(plan, /PROJECTION/)
  assert.doesNotMatch(plan, /JOIN/)
})

const LEGACY =
  '2026-07-24T10:11:12.3Z AUDIT: id="4c56" stage="ResponseComplete" ip="192.0.2.10" method="create" user="alice" ' +
  'groups="\\"devs\\",\\"ops\\"" as="root" asgroups="<lookup>" user-agent="kubectl/v1.32" namespace="default" ' +
  'uri="/api/v1/namespaces/default/pods" response="201"'

test("a line of the legacy format fills the columns that it speaks of, and is its own message", async () => {
  const time = "2026-07-24T10:11:12.300000Z"
  const [row, torn] = await columnsOf(
    placeRecords([
      { body: LEGACY, kind: "log", words: [["time", time]] },
      { body: LEGACY.slice(0, -3), kind: "log", words: [["time", time]] },
    ]),
  )
  const said = {
    _time: parseMicros(time),
    _msg: LEGACY,
    auditID: null,
    "actor.kind": null,
    stage: "ResponseComplete",
    verb: "create",
    requestURI: "/api/v1/namespaces/default/pods",
    requestReceivedTimestamp: parseMicros(time),
    "user.username": "alice",
    "user.groups": ["devs", "ops"],
    "impersonatedUser.username": "root",
    sourceIPs: ["192.0.2.10"],
    userAgent: "kubectl/v1.32",
    "objectRef.namespace": "default",
    "responseStatus.code": 201,
  }
  assert.deepEqual(pick(row, Object.keys(said)), said)
  assert.deepEqual(pick(torn, ["_time", "_msg", "verb"]), {
    _time: parseMicros(time),
    _msg: LEGACY.slice(0, -3),
    verb: null,
  })
})

function pick(row: Row | undefined, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, row?.[name]]))
}
