import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before } from "node:test"
import { FIELDS } from "../../src/event/fields.ts"
import { type Columns, openColumns } from "../../src/query/column.ts"
import { flattenBody } from "../../src/query/flatten.ts"
import { selectFields } from "../../src/query/plan.ts"
import { newRow, type Row } from "../../src/query/row.ts"
import { joinSql, type Sql, sql, toStatement } from "../../src/query/sql.ts"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"

/** Ten records: what a filter may meet, and what people send who wish us ill. */
const BODIES: readonly (readonly [kind: string, body: string])[] = [
  event({
    verb: "get",
    user: { username: "alice", groups: ["devs", "system:authenticated"], extra: { "a/b": ["x", "y"] } },
    objectRef: { resource: "secrets", namespace: "prod", name: "db-password" },
    responseStatus: { code: 200 },
    sourceIPs: ["10.1.2.3", "192.168.0.9"],
    annotations: { "authorization.k8s.io/decision": "allow" },
    stageTimestamp: "2026-01-02T03:04:05.000006Z",
  }),
  event({
    verb: "delete",
    user: { username: "system:serviceaccount:ci:deployer", groups: ["system:serviceaccounts"] },
    objectRef: { resource: "deployments", namespace: "ci", name: "web" },
    responseStatus: { code: 403, message: "User cannot delete deployments; denied" },
    annotations: { "authorization.k8s.io/decision": "forbid" },
    stageTimestamp: "2026-01-02T04:00:00.000000Z",
  }),
  event({
    verb: "create",
    user: { username: "bob'; DROP TABLE records; --" },
    objectRef: { resource: "deployments", name: 'x" OR 1=1 --' },
    responseStatus: { code: 201 },
    requestObject: {
      metadata: { labels: { "app.kubernetes.io/name": "shop", plain: "1" } },
      spec: { replicas: 3, template: { spec: { containers: [{ image: "nginx:1.25" }] } }, paused: false },
      q: {
        ...{
          memory: "1.5GiB",
          time: "1h5m",
          hex: "0x1F",
          grouped: "1_000",
          negative: "-5s",
          infinite: "-Inf",
        },
        ...{
          ip: "10.1.2.3",
          at: "2026-01-02T03:04:05+01:00",
          huge: "1e400",
          dot: "5.",
          unit: "us",
          micro: "1.5µs",
          v6: "2001:DB8::1%eth0",
          mapped: "::ffff:10.1.2.3",
          list: ["a", "null", null, true, { b: "c" }, ["d"]],
        },
      },
    },
    stageTimestamp: "2026-01-03T00:00:00.000000Z",
  }),
  event({
    verb: "patch",
    user: { username: "Ünïcödé_user" },
    requestObject: { spec: { replicas: "10", note: "a.b c_d e-f" } },
    responseStatus: { code: 404 },
    stageTimestamp: "2026-02-01T10:00:00.500000Z",
  }),
  ["k8s.audit", `{"verb":"patch","requestObject":{"spec":{"\\u0072eplicas":7,"big":12345678901234567890}}}`],
  ["k8s.audit", `{"verb":"","user":{"username":"100%_[a]"},"requestURI":"/a?b=c#d\\u0000e"}`],
  ["log", "plain text, not JSON at all: {"],
  ["app.audit", `{"event_type":"login","actor":{"name":"carol"},"tags":["t1","t2"],"ok":true,"none":null}`],
  ["k8s.audit", `{"verb":"list","event_type":"forged","responseStatus":{"code":500}}`],
  ["k8s.audit", "[1, 2]"],
]

function event(members: object): readonly [string, string] {
  return ["k8s.audit", JSON.stringify(members)]
}

/** What `now` is in the queries of these tests. */
export const NOW = Date.UTC(2026, 1, 1, 12) * 1000

/** A small relation as queries read it, and the same rows in memory. */
export type TestRelation = {
  readonly columns: Columns
  /** Numbers of the records that match. */
  recordsWhere(where: Sql): Promise<number[]>
  allRows(): Promise<readonly Row[]>
  read(statement: Sql): Promise<(string | null)[][]>
}

/** Made before the tests of a file, gone after them. */
export function testRelation(): TestRelation {
  let db: Duckdb
  let dir: string
  const columns = openColumns({
    msg: `concat_ws(' ', "user.username", "verb", "objectRef.resource", "objectRef.name")`,
  })

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "tallystick-where-"))
    const limits = { memoryBytesMax: 512 * 1024 ** 2, tempBytesMax: 64 * 1024 ** 2, threads: 1 }
    db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp"), folders: [] })
    const records = BODIES.map((_, i) => `(${i}, ?, ?)`).join(", ")
    const body = "CASE WHEN json_valid(raw) THEN raw END"
    const derived: Readonly<Record<string, string>> = {
      record: "record",
      receivedAt: "TIMESTAMP '2026-03-01 00:00:00' + to_seconds(record)",
      source: "CASE WHEN record % 2 = 0 THEN 'c1/a' ELSE 'c2/b' END",
      n: "record // 2",
      kind: "kind",
      words: "NULL",
      duplicateOf: "NULL::BIGINT",
      cluster: "CASE WHEN record % 2 = 0 THEN 'c1' ELSE 'c2' END",
      "actor.kind": "'human'",
      _stream: `'{cluster="c1"}'`,
      _time: `coalesce(TRY_CAST(json_extract_string(${body}, '$.stageTimestamp') AS TIMESTAMP), TIMESTAMP '2026-03-01 00:00:00')`,
    }
    const types = { text: "VARCHAR", integer: "BIGINT", time: "TIMESTAMP", list: "VARCHAR[]" } as const
    const select = FIELDS.filter(({ name }) => name !== "_msg").map((field) => {
      const path = `$.${(field.path ?? []).join(".")}`
      const json = `json_extract(${body}, '${path}')`
      if (derived[field.name] !== undefined) return `${derived[field.name]} AS "${field.name}"`
      if (field.type === "map") return `CAST(${json} AS MAP(VARCHAR, VARCHAR)) AS "${field.name}"`
      if (field.type === "listMap") return `CAST(${json} AS MAP(VARCHAR, VARCHAR[])) AS "${field.name}"`
      if (field.type === "list") return `CAST(${json} AS VARCHAR[]) AS "${field.name}"`
      return `TRY_CAST(json_extract_string(${body}, '${path}') AS ${types[field.type]}) AS "${field.name}"`
    })
    const values = BODIES.flat()
    await db.query(
      `CREATE TABLE records AS SELECT ${select.join(", ")}, raw, 'text' AS "rawEncoding" FROM (VALUES ${records}) t(record, kind, raw)`,
      values,
    )
  })

  after(async () => {
    db.close()
    await rm(dir, { recursive: true, force: true })
  })

  async function recordsWhere(where: Sql): Promise<number[]> {
    return (
      await read(sql`SELECT CAST("record" AS VARCHAR) FROM records WHERE ${where} ORDER BY "record"`)
    ).map(([record]) => Number(record))
  }

  let whole: readonly Row[] | undefined
  async function allRows(): Promise<readonly Row[]> {
    if (whole !== undefined) return whole
    const { columns: selected } = selectFields({ kind: "all", but: new Set() }, columns)
    const names = [...selected, { name: "raw", text: sql`raw` }]
    const rows = await read(
      sql`SELECT ${joinSql(
        names.map((item) => item.text),
        ", ",
      )} FROM records ORDER BY "record"`,
    )
    whole = rows.map((values) => {
      const row = newRow()
      names.forEach(({ name }, i) => {
        const value = values[i]
        if (value !== null && value !== undefined && value !== "") row[name] = value
      })
      // In memory, the k8s records know only what an audit event can hold.
      const foreign = row.kind === "k8s.audit" ? ["event_type"] : []
      flattenBody(row, row.raw ?? "", (name) => !foreign.includes(name))
      return row
    })
    return whole
  }

  async function read(statement: Sql): Promise<(string | null)[][]> {
    const { text, values } = toStatement(statement)
    const result = await db.query(text, values)
    const rows: (string | null)[][] = []
    for (const batch of result.batches()) {
      for (let row = 0; row < batch.count; row++)
        rows.push(result.names.map((_, i) => batch.text(i, row) ?? null))
    }
    return rows
  }

  return { columns, recordsWhere, allRows, read }
}
