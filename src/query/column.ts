import { EVENT_FIELDS, type Field, findField } from "../event/fields.ts"
import { QUERY_LIMITS } from "./limits.ts"
import { andSql, ident, joinSql, orSql, type Sql, sql, TRUE, trusted } from "./sql.ts"

/** How a field is had from the relation of records. */
export type Column =
  | { readonly kind: "text"; readonly text: Sql; readonly heavy: boolean }
  | { readonly kind: "integer"; readonly column: Sql }
  /** `short`: written without zeros at the end of its fraction, as VictoriaLogs writes `_time`. */
  | { readonly kind: "time"; readonly column: Sql; readonly short?: boolean }
  | { readonly kind: "list"; readonly column: Sql }
  /** A path into the exact bytes, which are only parsed where they can hold it. */
  | { readonly kind: "json"; readonly text: Sql }
  /** No event can have it. */
  | { readonly kind: "absent" }

/** Expressions for fields that are made when asked for, over the columns of the relation (owned by store/columns.ts). */
export type Derived = { readonly msg: string }

/** Names → columns of the relation. */
export interface Columns {
  find(field: string): Column
}

/** The first names of an audit.k8s.io Event, in all its versions. Other names cannot stand in a Kubernetes audit event. */
const EVENT_ROOTS = new Set([
  ...EVENT_FIELDS.map((field) => field.name.split(".")[0] ?? ""),
  ...["metadata", "timestamp", "requestObject", "responseObject"],
])

/** Whether a field of this name can stand in the body of a record of this kind. */
export function canStandIn(kind: string, name: string): boolean {
  return kind !== AUDIT_KIND || EVENT_ROOTS.has(rootOf(name))
}

function rootOf(name: string): string {
  return (name.split(".")[0] ?? "").replace(/^"|"$/g, "")
}

/** Kinds of record whose bodies are Kubernetes audit events. */
export const AUDIT_KIND = "k8s.audit"

/** Fields that say how a record was delivered, or that may differ between two deliveries of one event. */
const DELIVERY = new Set(["record", "receivedAt", "source", "n", "kind", "words", "duplicateOf", "lateBy"])
const ENCODING = new Set([
  "_stream",
  "_stream_id",
  "apiVersion",
  "raw",
  "rawEncoding",
  "seed",
  "salt",
  "digest",
])

/** Whether two deliveries of the same body always agree on the field. */
export function isOfEvent(field: string): boolean {
  return !DELIVERY.has(field) && !ENCODING.has(field)
}

/**
 * 48 hexadecimal digits, as clients of VictoriaLogs expect: the tenant (always 0:0) and a digest of the stream's labels. A
 * name to ask for the stream by, nothing to rely on.
 */
const STREAM_ID = trusted(`concat('0000000000000000', md5("_stream"))`)

/**
 * Seconds from an event's own time to its receipt: how long its sender held it back, or how wrong the clocks are; negative
 * where the sender's is ahead. Absent where an event has no time of its own.
 */
const LATE_BY = trusted(
  `CASE WHEN "_time" <> "receivedAt" THEN CAST((epoch_us("receivedAt") - epoch_us("_time")) / 1000000.0 AS VARCHAR) END`,
)

export function openColumns(derived: Derived): Columns {
  return { find: (field) => findColumn(field, derived) }
}

function findColumn(name: string, derived: Derived): Column {
  if (name === "_msg") return { kind: "text", text: trusted(`(${derived.msg})`), heavy: true }
  if (name === "raw") return { kind: "text", text: ident("raw"), heavy: true }
  if (name === "_stream_id") return { kind: "text", text: STREAM_ID, heavy: false }
  if (name === "lateBy") return { kind: "text", text: LATE_BY, heavy: false }
  if (name === "rawEncoding") return { kind: "text", text: ident("rawEncoding"), heavy: false }
  const field = findField(name)
  if (field !== undefined) return ofField(field)
  const map = /^(annotations|user\.extra|impersonatedUser\.extra)\.(.+)$/s.exec(name)
  const of = map === null ? undefined : findField(map[1] ?? "")
  if (map !== null && of !== undefined) return entryOf(of, unquoteKey(map[2] ?? ""))
  return inBody(name)
}

function ofField(field: Field): Column {
  const column = ident(field.name)
  if (field.name === "_time") return { kind: "time", column, short: true }
  if (field.type === "integer" || field.type === "time" || field.type === "list") {
    return { kind: field.type, column }
  }
  if (field.type === "text") return { kind: "text", text: column, heavy: false }
  return { kind: "text", text: sql`CAST(to_json(${column}) AS VARCHAR)`, heavy: false }
}

function entryOf(field: Field, key: string): Column {
  const entry = sql`${ident(field.name)}[${key}]`
  return field.type === "listMap"
    ? { kind: "list", column: entry }
    : { kind: "text", text: entry, heavy: false }
}

/** `annotations."a/b"` is what people write who know PromQL; the key is a/b. */
function unquoteKey(key: string): string {
  return /^"[^"]*"$/.test(key) ? key.slice(1, -1) : key
}

function inBody(name: string): Column {
  const paths = pathsOf(name)
  if (paths.length === 0) return { kind: "absent" }
  const values = paths.map((keys) => {
    // TRY: a body that is not JSON makes json_extract throw, and one record would fail the query.
    const value = scalarOf(sql`TRY(json_extract(${BODY}, ${toPath(keys)}))`)
    const joined = keys.filter((key) => key.includes(".")).map(longestPlain)
    const rarest = joined.reduce((a, b) => (b.length > a.length ? b : a), "")
    return onlyWhere(mentions(rarest), value)
  })
  const [only] = values
  const value = values.length === 1 && only !== undefined ? only : sql`coalesce(${joinSql(values, ", ")})`
  // Every path ends in the name's last part. Looking for it costs a fraction of parsing the body.
  const last = mentions(longestPlain(name.split(".").at(-1) ?? ""))
  const foreign = EVENT_ROOTS.has(rootOf(name)) ? TRUE : sql`"kind" <> ${AUDIT_KIND}`
  return { kind: "json", text: onlyWhere(andSql([foreign, last]), value) }
}

function onlyWhere(condition: Sql, value: Sql): Sql {
  return condition.text === TRUE.text ? value : sql`CASE WHEN ${condition} THEN ${value} END`
}

/** The body as text. Bodies with control characters (pretty-printed JSON) are kept in base64. */
const BODY = trusted(`CASE WHEN "rawEncoding" = 'base64' THEN TRY(decode(from_base64("raw"))) ELSE "raw" END`)

/** The text of a scalar or list; an object is no value, its fields are. A lambda, so that the body is parsed once. */
function scalarOf(json: Sql): Sql {
  const text = trusted(
    "CASE WHEN NOT starts_with(CAST(found AS VARCHAR), '{') THEN json_extract_string(found, '$') END",
  )
  return sql`list_transform([${json}], lambda found: ${text})[1]`
}

/**
 * Every way to read a dotted name as a path: keys may hold dots (`metadata.labels.app.kubernetes.io/name`). All groupings
 * where they are few; else the plain one and those whose last key takes the rest.
 */
export function pathsOf(name: string): readonly (readonly string[])[] {
  const parts = name.split(".")
  if (parts.some((part) => part === "") && parts.length === 1) return []
  const joins = parts.length - 1
  const groupings: string[][] = []
  if (2 ** joins <= QUERY_LIMITS.pathsMax) {
    for (let mask = 0; mask < 2 ** joins; mask++) groupings.push(group(parts, (i) => ((mask >> i) & 1) === 1))
  } else {
    for (let last = parts.length - 1; last > 0 && groupings.length < QUERY_LIMITS.pathsMax; last--) {
      groupings.push([...parts.slice(0, last), parts.slice(last).join(".")])
    }
  }
  return groupings.filter((keys) => keys.every((key) => key !== ""))
}

function group(parts: readonly string[], joined: (i: number) => boolean): string[] {
  const keys: string[] = []
  parts.forEach((part, i) => {
    if (i > 0 && joined(i - 1)) keys[keys.length - 1] += `.${part}`
    else keys.push(part)
  })
  return keys
}

/** A JSONPath, whose keys never index lists; a JSON pointer for keys that a JSONPath cannot quote. */
function toPath(keys: readonly string[]): string {
  if (keys.every((key) => !/["\\]/.test(key))) return `$${keys.map((key) => `."${key}"`).join("")}`
  return keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")
}

/**
 * TRUE for every body that can hold `plain`, a text of letters and digits: JSON may also write it with `\u` escapes, which
 * clients choose in patches.
 */
function mentions(plain: string): Sql {
  if (plain === "") return TRUE
  const raw = ident("raw")
  return orSql([
    sql`contains(${raw}, ${plain})`,
    sql`contains(${raw}, ${"\\u"})`,
    sql`"rawEncoding" = 'base64'`,
  ])
}

/** The longest run in which JSON has no escape but `\u`. */
export function longestPlain(text: string): string {
  let longest = ""
  for (const run of text.match(/[A-Za-z0-9_.:@ -]+/g) ?? []) if (run.length > longest.length) longest = run
  return longest.length >= 3 ? longest : ""
}

/**
 * The field to group by. Made text afterwards, group by group, and NULL where it is absent: over a column as it is in the file,
 * the engine counts the entries of its dictionary, a third faster than texts.
 */
export function keySql(column: Column): Sql {
  return column.kind === "integer" ? column.column : textSql(column)
}

/** The name of the column that holds the field as it is; undefined where it is an expression, or a list. */
export function storedColumn(column: Column): string | undefined {
  if (column.kind === "list" || column.kind === "absent") return undefined
  const { text } = column.kind === "integer" || column.kind === "time" ? column.column : column.text
  return /^"([^"]+)"$/.exec(text)?.[1]
}

/** The field as text, as it appears in rows. NULL where it is absent. */
export function textSql(column: Column): Sql {
  switch (column.kind) {
    case "text":
    case "json":
      return column.text
    case "integer":
      return sql`CAST(${column.column} AS VARCHAR)`
    case "time": {
      const whole = sql`strftime(${column.column}, '%Y-%m-%dT%H:%M:%S.%fZ')`
      return column.short === true ? sql`regexp_replace(${whole}, '\\.?0+Z$', 'Z')` : whole
    }
    case "list":
      return sql`CAST(to_json(${column.column}) AS VARCHAR)`
    case "absent":
      return trusted("CAST(NULL AS VARCHAR)")
  }
}
