import { FIELDS } from "../event/fields.ts"
import type { Columns } from "../query/column.ts"
import { countColumnNames } from "../query/column-names.ts"
import { parsePipes } from "../query/parse.ts"
import { printField } from "../query/quote.ts"
import { newRow, type Row } from "../query/row.ts"
import { Collected, connectPipes } from "../query/run.ts"
import type { Query, RunScene, Sink } from "../query/tree.ts"
import { type FacetLimits, facetsText, hitsField, type View } from "../query/view.ts"
import type { Ending, QueryRequest } from "./message.ts"

/** Answers a query within the same request: same filters, same snapshot, same time. */
export type Ask = (
  query: Query,
  changes: Partial<Pick<QueryRequest, "limit">>,
) => AsyncGenerator<readonly Row[], Ending>

type Surveying = { readonly ask: Ask; readonly scene: RunScene; readonly columns: Columns }

/**
 * Rows whose bodies are read to see which fields they have: a quarter of a second. Of more rows only columns are counted,
 * half a second a million, and the answer says so.
 */
const BODIES_MAX = 1_000
/** A field of which more rows of the sample than this, and more than half of them, have a value of their own has no facets. */
const OWN_VALUES_MAX = 100
const BODIES_MARK = `fields: those inside bodies are told of the newest ${BODIES_MAX} rows only`

/**
 * The views `fieldNames` and `facets`, which are about all fields of records as they are: exact over few rows, over columns
 * alone where there are many.
 */
export async function* runSurvey(
  records: Query,
  view: Extract<View, { kind: "fieldNames" | "facets" }>,
  surveying: Surveying,
): AsyncGenerator<readonly Row[], Ending> {
  const limits = view.kind === "facets" ? view : undefined
  const sample = await sampleOf(records, limits, surveying)
  if (sample.whole) return yield* told(limits === undefined ? sample.names : sample.facets, [sample.partial])
  return limits === undefined
    ? yield* manyNames(records, sample.names, surveying)
    : yield* manyFacets(records, { limits, sample }, surveying)
}

type Sample = {
  /** It is all there is. */
  readonly whole: boolean
  readonly partial: string | undefined
  readonly names: readonly Row[]
  readonly facets: readonly Row[]
  /** Fields that have too many values, or too long ones, in these rows alone. */
  readonly wide: ReadonlySet<string>
}

/** What the newest rows say, bodies and all. */
async function sampleOf(
  records: Query,
  limits: FacetLimits | undefined,
  { ask, scene }: Surveying,
): Promise<Sample> {
  const [names, facets] = [new Collected(), new Collected()]
  const asked = [connectPipes(parsePipes("field_names"), names, scene)]
  const widths = new Widths(limits?.bytesMax ?? 0)
  if (limits !== undefined) {
    asked.push(connectPipes(parsePipes(facetsText(limits)), facets, scene))
    asked.push(widths)
  }
  const newest = ask(records, { limit: BODIES_MAX + 1 })
  let rows = 0
  for (;;) {
    const { done, value } = await newest.next()
    if (done === true) {
      for (const head of asked) head.end()
      const { partial } = value
      const whole = rows <= BODIES_MAX
      return { whole, partial, names: names.rows, facets: facets.rows, wide: widths.wide() }
    }
    rows += value.length
    for (const row of value) for (const head of asked) head.take(row)
  }
}

/** Which fields have hardly two rows with the same value: identities, times, paths. */
class Widths implements Sink {
  readonly #bytesMax: number
  readonly #fields = new Map<string, { rows: number; long: boolean; readonly values: Set<string> }>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  take(row: Row): boolean {
    for (const [name, value] of Object.entries(row)) {
      const field = this.#fields.get(name) ?? { rows: 0, long: false, values: new Set() }
      this.#fields.set(name, field)
      field.rows++
      if (value.length > this.#bytesMax) field.long = true
      else field.values.add(value)
    }
    return true
  }

  end(): void {}

  wide(): ReadonlySet<string> {
    const isWide = ({ rows, long, values }: { rows: number; long: boolean; values: Set<string> }) =>
      long || (values.size > OWN_VALUES_MAX && values.size > rows / 2)
    return new Set([...this.#fields].filter(([, field]) => isWide(field)).map(([name]) => name))
  }
}

async function* manyNames(
  records: Query,
  newest: readonly Row[],
  { ask }: Surveying,
): AsyncGenerator<readonly Row[], Ending> {
  const counted = await all(ask({ ...records, pipes: [countColumnNames] }, {}))
  const known = new Set(counted.rows.map((row) => row.name))
  const inside = newest.filter((row) => !known.has(row.name ?? ""))
  return yield* told([...counted.rows, ...inside], [counted.ending.partial, BODIES_MARK])
}

/** Each column by itself: the engine counts one dictionary faster than it reads all columns at once. */
async function* manyFacets(
  records: Query,
  { limits, sample }: { readonly limits: FacetLimits; readonly sample: Sample },
  { ask, columns }: Surveying,
): AsyncGenerator<readonly Row[], Ending> {
  const inSample = sample.names.map((row) => row.name ?? "")
  const columnNames = FIELDS.filter(({ type }) => type !== "map" && type !== "listMap").map(
    ({ name }) => name,
  )
  const fields = [...new Set([...columnNames, ...inSample])].filter(
    (name) => !sample.wide.has(name) && !["json", "absent"].includes(columns.find(name).kind),
  )
  const rows: Row[] = []
  const reasons = new Set<string | undefined>()
  for (const field of fields.sort()) {
    const counted = await all(ask({ ...records, pipes: parsePipes(`field_values ${printField(field)}`) }, {}))
    rows.push(...facetOf(counted.rows, field, limits))
    reasons.add(counted.ending.partial)
  }
  return yield* told(rows, [...reasons, BODIES_MARK])
}

/** The most frequent values of a field, as `| facets` shows them; none where it would leave the field out. */
function facetOf(counted: readonly Row[], field: string, limits: FacetLimits): readonly Row[] {
  const values = counted.map((row) => ({ value: row[field] ?? "", hits: Number(row[hitsField([field])]) }))
  const filled = values.filter(({ value }) => value !== "")
  const constant = values.length === 1
  if (filled.length > limits.valuesMax || (constant && !limits.constant)) return []
  if (filled.some(({ value }) => Buffer.byteLength(value) > limits.bytesMax)) return []
  return filled
    .sort((a, b) => b.hits - a.hits || (a.value < b.value ? -1 : 1))
    .slice(0, limits.most)
    .map(({ value, hits }) => {
      const row = newRow()
      row.field_name = field
      row.field_value = value
      row.hits = String(hits)
      return row
    })
}

async function all(
  answer: AsyncGenerator<readonly Row[], Ending>,
): Promise<{ readonly rows: readonly Row[]; readonly ending: Ending }> {
  const rows: Row[] = []
  for (;;) {
    const { done, value } = await answer.next()
    if (done === true) return { rows, ending: value }
    for (const row of value) rows.push(row)
  }
}

async function* told(
  rows: readonly Row[],
  reasons: readonly (string | undefined)[],
): AsyncGenerator<readonly Row[], Ending> {
  if (rows.length > 0) yield rows
  const partial = reasons.filter((reason) => reason !== undefined).join("; ")
  return { rows: rows.length, ...(partial === "" ? {} : { partial }) }
}
