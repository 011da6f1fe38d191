import { setImmediate } from "node:timers/promises"
import { fromBase64, utf8 } from "../base/bytes.ts"
import { SUMMARY_FIELDS, summariseFields } from "../event/summary.ts"
import { AUDIT_KIND, type Columns, canStandIn, textSql } from "../query/column.ts"
import { hasField } from "../query/fieldset.ts"
import { flattenBody } from "../query/flatten.ts"
import { selectFields } from "../query/plan.ts"
import { type MutableRow, newRow, type Row } from "../query/row.ts"
import { joinSql, type Sql, sql, trusted } from "../query/sql.ts"
import type { FieldSet } from "../query/tree.ts"
import { SAID } from "../store/columns.ts"
import type { Batch, Column, Rows } from "../store/duckdb.ts"
import type { Source } from "./snapshot.ts"
import type { Statements } from "./statements.ts"

/** What to select so that rows with these fields can be made. */
export type Reading = {
  readonly fields: FieldSet
  readonly select: readonly Sql[]
  /** Fields of the row in their order; `_msg` is made here, since its SQL takes 20 ms to be understood alone. */
  readonly names: readonly string[]
  /** Fields of the sentence that the row does not have; they stand behind the row's own. */
  readonly hidden: readonly string[]
  /** Whether rows have a `_msg`; then behind the hidden fields stands what a record of kind `log` says itself. */
  readonly told: boolean
  readonly body: boolean
}

const DECISION = "authorization.k8s.io/decision"
const REASON = "authorization.k8s.io/reason"
const SENTENCE_COLUMNS = [
  ...SUMMARY_FIELDS.filter((name) => name !== "annotations"),
  `annotations.${DECISION}`,
  `annotations.${REASON}`,
]

export function readingOf(fields: FieldSet, columns: Columns): Reading {
  const selection = selectFields(fields, columns)
  const own = selection.columns.filter(({ name }) => name !== "_msg")
  const told = own.length < selection.columns.length
  const hidden = told ? SENTENCE_COLUMNS.filter((name) => !own.some((column) => column.name === name)) : []
  const said = told ? [trusted(SAID)] : []
  const body = selection.body ? ["kind", "rawEncoding", "raw"] : []
  return {
    fields,
    names: selection.columns.map(({ name }) => name),
    hidden,
    told,
    body: selection.body,
    select: [
      ...own.map(({ text }) => text),
      ...hidden.map((name) => textSql(columns.find(name))),
      ...said,
      ...body.map((name) => textSql(columns.find(name))),
    ],
  }
}

/** Rows that are looked at between two turns of the event loop: some 10 ms, in which nobody else is answered. */
const CHUNKS_AT_ONCE = 4

/** A result in pieces; other queries have their turn between them. */
export async function* chunksOf(rows: Rows): AsyncGenerator<Batch> {
  let taken = 0
  for (const batch of rows.batches()) {
    if (++taken % CHUNKS_AT_ONCE === 0) await setImmediate()
    yield batch
  }
}

/**
 * The rows of a piece of a result whose columns begin, at `from`, with what {@link readingOf} selects. `saidBy`: what the
 * record of a row says itself, where that was not selected.
 */
export function* rowsOf(
  batch: Batch,
  { names, hidden, told, body, fields }: Reading,
  from: number,
  saidBy?: (row: number) => string | undefined,
): Generator<MutableRow> {
  const own = names.filter((name) => name !== "_msg")
  const selected = [...own, ...hidden].map((name, i) => [name, batch.column(from + i)] as const)
  const columns = new Map<string, Column>(selected)
  const selectedSaid = told ? batch.column(from + own.length + hidden.length) : undefined
  const said = saidBy ?? ((row: number) => selectedSaid?.text(row))
  const at = from + own.length + hidden.length + (told ? 1 : 0)
  const [kind, encoding, raw] = body ? [batch.column(at), batch.column(at + 1), batch.column(at + 2)] : []
  for (let i = 0; i < batch.count; i++) {
    const row = newRow()
    for (const name of names) {
      const value = name === "_msg" ? (said(i) ?? sentenceOf(columns, i)) : columns.get(name)?.text(i)
      if (value !== undefined && value !== "") row[name] = value
    }
    if (raw !== undefined)
      addBody(row, { kind: kind?.text(i), encoding: encoding?.text(i), raw: raw.text(i) }, fields)
    yield row
  }
}

function sentenceOf(columns: ReadonlyMap<string, Column>, row: number): string {
  const known: Record<string, unknown> = {}
  for (const name of SUMMARY_FIELDS) known[name] = columns.get(name)?.text(row)
  const code = columns.get("responseStatus.code")?.text(row)
  known["responseStatus.code"] = code === undefined ? undefined : Number(code)
  known.annotations = {
    [DECISION]: columns.get(`annotations.${DECISION}`)?.text(row),
    [REASON]: columns.get(`annotations.${REASON}`)?.text(row),
  }
  return summariseFields(known)
}

type Body = {
  readonly kind: string | undefined
  readonly encoding: string | undefined
  readonly raw: string | undefined
}

function addBody(row: MutableRow, { kind = "", encoding, raw = "" }: Body, fields: FieldSet): void {
  const text = encoding === "base64" ? (utf8(fromBase64(raw)) ?? raw) : raw
  flattenBody(row, text, (name) => hasField(fields, name) && (name === "raw" || canStandIn(kind, name)))
}

/** Records fetched by one statement, and characters of an answer that make the next one smaller. */
const FETCH_ROWS_MAX = 2_000
const FETCH_CHARS = 16 * 1024 * 1024
/** Of a row group: what is read for one record at most. In a table in memory a record lies by itself. */
const GROUP_ROWS = 20_480

/**
 * The rows of these records, in this order, in pieces. Bodies can be megabytes: the pieces grow and shrink with what came.
 */
export async function* fetchRecords(
  sources: readonly Source[],
  records: readonly number[],
  reading: Reading,
  statements: Statements,
): AsyncGenerator<readonly Row[]> {
  let size = Math.min(records.length, 200)
  for (let at = 0; at < records.length; ) {
    const wanted = records.slice(at, at + size)
    at += wanted.length
    const found = await fetchPiece(sources, wanted, reading, statements)
    yield wanted.map((record) => found.rows.get(record)).filter((row) => row !== undefined)
    const fitting = Math.floor((FETCH_CHARS * wanted.length) / Math.max(1, found.chars))
    size = Math.max(1, Math.min(FETCH_ROWS_MAX, size * 4, fitting))
  }
}

async function fetchPiece(
  sources: readonly Source[],
  records: readonly number[],
  reading: Reading,
  statements: Statements,
): Promise<{ readonly rows: ReadonlyMap<number, Row>; readonly chars: number }> {
  const rows = new Map<number, Row>()
  let chars = 0
  for (const [source, inside] of bySource(sources, records)) {
    const wanted = reading.select.map((part) => (part.text === SAID ? trusted("NULL::VARCHAR") : part))
    const select = joinSql([trusted('"record"'), ...wanted, trusted('"kind"')], ", ")
    const rowsMax = inside.length * (source.table === undefined ? GROUP_ROWS : 1)
    const result = await statements.over(
      [source],
      (relation) => sql`SELECT ${select} FROM ${relation} WHERE "record" IN ${numbers(inside)}`,
      { rowsMax },
    )
    const talking = reading.told ? await noEvents(result, { kinds: 1 + wanted.length }) : []
    const said = await saidBy(talking, { source, rowsMax }, statements)
    for await (const batch of chunksOf(result)) {
      const records = batch.column(0)
      let i = 0
      for (const row of rowsOf(batch, reading, 1, (at) => said.get(records.integer(at) ?? -1))) {
        for (const name of Object.keys(row)) chars += name.length + (row[name] ?? "").length
        rows.set(records.integer(i++) ?? -1, row)
      }
    }
  }
  return { rows, chars }
}

/** Records, in the first column, of which the column `kinds` says that they are no events. */
async function noEvents(result: Rows, { kinds }: { readonly kinds: number }): Promise<readonly number[]> {
  const found: number[] = []
  for await (const batch of chunksOf(result)) {
    const [records, kind] = [batch.column(0), batch.column(kinds)]
    for (let i = 0; i < batch.count; i++)
      if (kind.text(i) !== AUDIT_KIND) found.push(records.integer(i) ?? -1)
  }
  return found
}

/**
 * What these records, which are no events, say themselves. Apart from their other columns: hardly a fetch has one, and the
 * SQL that finds it takes longer to be understood than all that is fetched.
 */
async function saidBy(
  records: readonly number[],
  { source, rowsMax }: { readonly source: Source; readonly rowsMax: number },
  statements: Statements,
): Promise<ReadonlyMap<number, string>> {
  const said = new Map<number, string>()
  if (records.length === 0) return said
  const result = await statements.over(
    [source],
    (relation) =>
      sql`SELECT "record", ${trusted(SAID)} FROM ${relation} WHERE "record" IN ${numbers(records)}`,
    { rowsMax },
  )
  for await (const batch of chunksOf(result)) {
    const [numbered, texts] = [batch.column(0), batch.column(1)]
    for (let i = 0; i < batch.count; i++) {
      const text = texts.text(i)
      if (text !== undefined) said.set(numbered.integer(i) ?? -1, text)
    }
  }
  return said
}

/** A column of a result, as numbers. */
export async function recordsOf(result: Rows, column = 0): Promise<number[]> {
  const ids: number[] = []
  for await (const batch of chunksOf(result)) {
    const vector = batch.column(column)
    for (let i = 0; i < batch.count; i++) ids.push(vector.integer(i) ?? -1)
  }
  return ids
}

/** Numbers of ours, written out: as a list of constants they choose row groups. */
export function numbers(values: readonly number[]): Sql {
  return trusted(`(${values.map((value) => String(Math.trunc(value))).join(", ")})`)
}

export function bySource(
  sources: readonly Source[],
  records: readonly number[],
): readonly (readonly [Source, readonly number[]])[] {
  const ordered = sources.toSorted((a, b) => a.first - b.first)
  const groups = new Map<Source, number[]>()
  for (const record of records) {
    const source = ordered[lastAtOrBefore(ordered, record)]
    if (source === undefined || record > source.last) continue
    const group = groups.get(source)
    if (group === undefined) groups.set(source, [record])
    else group.push(record)
  }
  return [...groups]
}

function lastAtOrBefore(ordered: readonly Source[], record: number): number {
  let [low, high] = [0, ordered.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ordered[middle]?.first ?? 0) <= record) low = middle + 1
    else high = middle
  }
  return low - 1
}
