import { ACTOR_RULES, type ActorMatch } from "../event/actor.ts"
import { formatExpression } from "../event/expression.ts"
import { EVENT_FIELDS, FIELDS, type Field, type FieldType } from "../event/fields.ts"
import { SUMMARY } from "../event/summary.ts"
import { quote } from "./duckdb.ts"
import { logMessageSql, logStreamSql, logTimeSql } from "./log-columns.ts"
import { ownMessageSql } from "./own-message.ts"
import { LINE_BYTES_MAX, STAGED_LINE_BYTES_MAX } from "./stage.ts"

/**
 * The columns of a segment, and how each is derived from a line of the journal. `event/fields.ts` names
 * them; this file says it in SQL. `verify --columns` derives them again with the same text, so a record has
 * one set of columns.
 */
export type Column = { readonly name: string; readonly type: string }

const TYPES: Readonly<Record<FieldType, string>> = {
  text: "VARCHAR",
  integer: "BIGINT",
  time: "TIMESTAMP",
  list: "VARCHAR[]",
  map: "MAP(VARCHAR, VARCHAR)",
  listMap: "MAP(VARCHAR, VARCHAR[])",
}

/** Fields that are an expression over the others, never stored. */
const IN_QUERY: ReadonlySet<string> = new Set(["_msg"])

/** What a segment holds besides the fields: the evidence. */
export const EVIDENCE: readonly Column[] = [
  /** The body's text, or its base64. */
  { name: "raw", type: "VARCHAR" },
  { name: "rawEncoding", type: "VARCHAR" },
  /**
   * Of the record's block, 32 hex digits; NULL in tables of what is not in a segment yet, and where erased.
   */
  { name: "seed", type: "VARCHAR" },
  /**
   * Only of records in whose block something was erased: base64. The seed would give the erased record's
   * salt away.
   */
  { name: "salt", type: "VARCHAR" },
  /** Only of erased records: base64. */
  { name: "digest", type: "VARCHAR" },
  /** First two bytes of the record's hash: which record of a block that no longer adds up was changed. */
  { name: "leafHint", type: "USMALLINT" },
]

/** In the order of the file. */
export const COLUMNS: readonly Column[] = [
  ...FIELDS.filter(({ name }) => !IN_QUERY.has(name)).map(({ name, type }) => ({ name, type: TYPES[type] })),
  ...EVIDENCE,
]

/** A quoted identifier. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** All of {@link COLUMNS}, for a SELECT; `table` prefixes each. */
export function columnList(table = ""): string {
  return COLUMNS.map(({ name }) => `${table}${ident(name)}`).join(", ")
}

/** Those that SQL text names, for a SELECT: understanding one costs as much as looking through hundreds of rows. */
export function columnsNamedIn(text: string): string {
  const named = COLUMNS.map(({ name }) => ident(name)).filter((name) => text.includes(name))
  return named.length === 0 ? '"record"' : named.join(", ")
}

/** A table of unsegmented records: the tail of every query, and what segments are written from. */
export function createTableSql(table: string): string {
  const columns = COLUMNS.map(({ name, type }) => `${ident(name)} ${type}`)
  return `CREATE TABLE ${ident(table)} (${columns.join(", ")})`
}

/** A column that relations get by {@link withSaid} where a query asks for a message. */
export const SAID = '"~said"'

/**
 * A relation with {@link SAID}: the message of a record that is no event; of kind `log` what stands where its word `msg`
 * says, of the ledger's own what it did. It stands in the body, the largest column by far. Events have none, so they are
 * read apart: the engine passes over their row groups by the statistics of `kind`, and reads no body for a word search.
 */
export function withSaid(relation: string): string {
  const message = `coalesce(${logMessageSql()}, ${ownMessageSql()})`
  return `(SELECT *, NULL::VARCHAR AS ${SAID} FROM ${relation} WHERE "kind" = 'k8s.audit'
    UNION ALL SELECT *, ${message} AS ${SAID} FROM ${relation} WHERE "kind" <> 'k8s.audit')`
}

/** `_msg` over a relation {@link withSaid}: that message, or the sentence of `event/summary.ts`, which is where it is written. */
export const MSG_SQL = `coalesce(${SAID}, ${formatExpression(SUMMARY, (field, key) =>
  key === undefined ? ident(field) : `${ident(field)}[${quote(key)}]`,
)})`

/**
 * Staged lines as a relation (head, raw, json, seed, hint). Nothing is quoted or escaped in them. No field is ever NULL:
 * the text that would stand for it holds a byte that no line has.
 */
export function stagedLines(paths: readonly string[]): string {
  return `read_csv([${paths.map(quote).join(", ")}], delim = '\t', quote = '', escape = '', header = false, auto_detect = false,
    columns = {'head': 'VARCHAR', 'raw': 'VARCHAR', 'json': 'VARCHAR', 'seed': 'VARCHAR', 'hint': 'VARCHAR'}, nullstr = '\x01', new_line = '\\n',
    max_line_size = ${STAGED_LINE_BYTES_MAX}, buffer_size = ${4 * STAGED_LINE_BYTES_MAX}, parallel = false)`
}

/** The same relation over lines that are the statement's first parameter. */
export const STAGED_TEXT = `(SELECT line[1] AS head, line[2] AS raw, line[3] AS json, line[4] AS seed, line[5] AS hint
  FROM (SELECT string_split(unnest(string_split(rtrim($1::VARCHAR, chr(10)), chr(10))), chr(9)) AS line))`

/**
 * SQL that turns a relation (head, raw, json, seed, hint) into {@link COLUMNS}, with one `json_transform`. `head` is all
 * of a journal line before its TAB; `json` is empty where raw is the event, else the event itself, or a dash
 * where there is none; `seed` and `hint` are empty where the record is not sealed.
 *
 * Event columns are filled for kinds `k8s.audit` and `log` without the word `quarantined`; a log line whose fields have the
 * names of an event's is found by them, but never has an `auditID`: it is no delivery of an event. `trusting`: one body that
 * DuckDB refuses to read as JSON fails the statement; `wary`: its columns are NULL (see `repairSql`), for 1.5 µs an event.
 * Intake quarantines events with a member of a wrong type or one that stands twice; what it does not look into (elements of
 * lists, values of maps) stands here as its JSON text when it is no string.
 */
export function stagedSelect(relation: string, reading: "trusting" | "wary"): string {
  const columns = COLUMNS.map(
    ({ name, type }) => `${HEAD_SQL[name] ?? eventSql(name) ?? `NULL::${type}`} AS ${ident(name)}`,
  )
  const isValid = reading === "wary" ? " AND json_valid(body)" : ""
  const hasFields = `NOT doubted AND h[5] IN ('k8s.audit', 'log') AND body <> '-'${isValid}`
  return `SELECT ${columns.join(",\n")}
FROM (SELECT *, ${timeOf("stageTimestamp")} AS staged_at, ${timeOf("requestReceivedTimestamp")} AS received_at
  FROM (SELECT *, json_transform(CASE WHEN ${hasFields} THEN body END, ${quote(TRANSFORM)}) AS e
  FROM (SELECT head, string_split(head, ' ') AS h, contains(head, ' quarantined=') AS doubted, raw, seed, hint,
      CASE json WHEN '' THEN raw ELSE json END AS body
    FROM ${relation})))`
}

/** Records whose JSON DuckDB refused although intake found it to be JSON. Long ones have had their chance. */
export const REFUSED_SQL = `"kind" = 'k8s.audit' AND "auditID" IS NULL AND "stage" IS NULL
  AND NOT contains(concat(' ', "words"), ' quarantined=') AND strlen("raw") BETWEEN 1 AND ${LINE_BYTES_MAX}`

/** SQL that fills the event columns of `table` from a staged file whose json column was repaired. */
export function repairSql(table: string, path: string): string {
  const names = ["actor.kind", ...EVENT_FIELDS.map(({ name }) => name)]
  const set = names.map((name) => `${ident(name)} = repaired.${ident(name)}`)
  set.push(
    `"_time" = coalesce(repaired."stageTimestamp", repaired."requestReceivedTimestamp", t."receivedAt")`,
  )
  return `UPDATE ${ident(table)} AS t SET ${set.join(", ")}
    FROM (${stagedSelect(stagedLines([path]), "wary")}) AS repaired WHERE t."record" = repaired."record"`
}

type Shape = { [name: string]: Shape | string | readonly string[] }

const TRANSFORM_TYPES: Readonly<Record<FieldType, string | readonly string[]>> = {
  text: "VARCHAR",
  // As JSON: a cast would make 201 of 200.5 and of "201".
  integer: "JSON",
  time: "VARCHAR",
  list: ["VARCHAR"],
  map: "MAP(VARCHAR,VARCHAR)",
  listMap: "MAP(VARCHAR,VARCHAR[])",
}

const TRANSFORM = JSON.stringify(transformShape())

function transformShape(): Shape {
  const root: Shape = {}
  for (const { path = [], type } of EVENT_FIELDS) put(root, path, TRANSFORM_TYPES[type])
  return root
}

function put(shape: Shape, path: readonly string[], type: string | readonly string[]): void {
  const [name = "", ...rest] = path
  if (rest.length === 0) shape[name] = type
  else {
    const inner = shape[name]
    const next: Shape = typeof inner === "object" && !Array.isArray(inner) ? (inner as Shape) : {}
    shape[name] = next
    put(next, rest, type)
  }
}

const referenceOf = (path: readonly string[]) => ["e", ...path.map(ident)].join(".")

function eventSql(name: string): string | undefined {
  const field = EVENT_FIELDS.find((candidate) => candidate.name === name)
  return field === undefined ? undefined : valueSql(field)
}

function valueSql({ path = [], type }: Field): string {
  const value = referenceOf(path)
  if (type === "integer")
    return `CASE WHEN regexp_full_match(${value}, '${INTEGER}') THEN ${value}::DOUBLE::BIGINT END`
  return type === "time" ? timeSql(value) : value
}

/** Up to 15 digits: exact in a DOUBLE. DuckDB prints 2e2 as 200.0. */
const INTEGER = "-?\\d{1,15}(\\.0)?"

const HOUR = "([01]\\d|2[0-3])"
const CLOCK = `${HOUR}:[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?`
const ZONED = `\\d{4}-\\d\\d-\\d\\dT${CLOCK}(Z|[+-]${HOUR}:[0-5]\\d)`
const SECOND_MAX = "TIMESTAMP '2255-01-01 00:00:00'"

/**
 * RFC 3339 to microseconds, later digits cut off; NULL for anything else, for days that do not exist, and
 * outside of 1970 to 2254 (`0001-01-01T00:00:00Z` is Go's word for no time). A cast alone takes `infinity`
 * and drops offsets.
 */
export function timeSql(text: string): string {
  const at = `CASE WHEN ends_with(${text}, 'Z') THEN try_cast(${text} AS TIMESTAMP)
    ELSE make_timestamp(epoch_us(try_cast(${text} AS TIMESTAMPTZ))) END`
  return `CASE WHEN regexp_full_match(${text}, '${ZONED}')
    AND (${at}) >= TIMESTAMP '1970-01-01 00:00:00' AND (${at}) < ${SECOND_MAX} THEN ${at} END`
}

function timeOf(name: string): string {
  return timeSql(referenceOf([name]))
}

/** First match wins, as `actorKind` has it. */
export function actorSql(username: string, groups: string): string {
  const cases = ACTOR_RULES.map(
    ({ kind, match }) => `WHEN ${matchSql(match, username, groups)} THEN ${quote(kind)}`,
  )
  return `CASE ${cases.join("\n")} ELSE 'human' END`
}

/** A list, not IN: out of many names the engine makes a join, which takes 4 ms to set up, for one record too. */
function matchSql(match: ActorMatch, username: string, groups: string): string {
  if ("equals" in match) return `list_contains([${match.equals.map(quote).join(", ")}], ${username})`
  if ("groups" in match) {
    return `(${match.groups.map((group) => `list_contains(${groups}, ${quote(group)})`).join(" OR ")})`
  }
  const suffix = match.suffix === undefined ? "" : ` AND ends_with(${username}, ${quote(match.suffix)})`
  return `starts_with(${username}, ${quote(match.prefix)})${suffix}`
}

const RECEIVED = "h[2]::TIMESTAMP"
const IS_LOG = "h[5] = 'log'"
/** In the order VictoriaLogs prints labels: by name. No character of these needs an escape. */
const LABELS = [`'cluster="', split_part(h[3], '/', 1), '"'`, `'kind="', h[5], '"'`, `'source="', h[3], '"'`]
/** Without a list in between, which takes 1 µs more. */
const FIXED_STREAM = `concat('{', ${LABELS.join(", ',', ")}, '}')`
const FIXED_LABELS = `[${LABELS.map((label) => `concat(${label})`).join(", ")}]`
const USERNAME = `coalesce(${referenceOf(["user", "username"])}, '')`

/** What comes from the head of the line, and what is derived by rules of ours; those of logs are log-columns.ts. */
const HEAD_SQL: Readonly<Record<string, string>> = {
  record: "h[1]::BIGINT",
  receivedAt: RECEIVED,
  source: "h[3]",
  n: "h[4]::BIGINT",
  kind: "h[5]",
  words: "CASE WHEN len(h) > 6 THEN array_to_string(h[6:-2], ' ') END",
  _time: `coalesce(CASE WHEN ${IS_LOG} THEN ${logTimeSql("head")}
    ELSE coalesce(staged_at, received_at) END, ${RECEIVED})`,
  _stream: `CASE WHEN ${IS_LOG} AND contains(head, ' stream=') THEN ${logStreamSql("head", "raw", "h[len(h)]", FIXED_LABELS)}
    ELSE ${FIXED_STREAM} END`,
  cluster: "split_part(h[3], '/', 1)",
  auditID: `CASE WHEN ${IS_LOG} THEN NULL ELSE ${referenceOf(["auditID"])} END`,
  "actor.kind": `CASE WHEN e IS NOT NULL AND NOT ${IS_LOG} THEN ${actorSql(USERNAME, referenceOf(["user", "groups"]))} END`,
  stageTimestamp: "staged_at",
  requestReceivedTimestamp: "received_at",
  raw: "raw",
  rawEncoding: "h[len(h)]",
  seed: "nullif(seed, '')",
  leafHint: "nullif(hint, '')::USMALLINT",
}
