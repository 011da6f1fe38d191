import { groupSql } from "../query/group-sql.ts"
import type { GroupsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { TRUE, trusted } from "../query/sql.ts"
import type { Grouping, GroupSink, Values } from "../query/tree.ts"
import type { Batch, Rows } from "../store/duckdb.ts"
import { type Part, partsOf } from "./parts.ts"
import { chunksOf } from "./read.ts"
import { GROUPS_MAX } from "./remembered.ts"
import type { Scan } from "./scan.ts"
import type { Source } from "./snapshot.ts"
import { readsBodies } from "./statements.ts"
import { fewValues, filledRows, type SegmentFacts } from "./statistics.ts"

/** Groups of each part, counted by the engine and joined here. */
export async function* scanGroups({ grouping }: GroupsRead, scan: Scan): AsyncGenerator<readonly Row[]> {
  const { statements, progress, remembered } = scan
  const sink = scan.head as GroupSink
  const selected = [...grouping.keys, ...grouping.results]
  progress.begin(scan.sources.length)
  yield* progress.told()
  const lot = await scan.choose(scan.sources)
  const parts = partsOf(lot.sources, lot.where, { bodies: selected.some(readsBodies) })
  const { read, known } = await knownOf(grouping, parts, scan)
  for (const values of known) if (!sink.take(values)) return
  const answers = statements.each(read, async (part, stop): Promise<Answer> => {
    const { sources, where, facts, question } = part
    const groups = question === undefined ? undefined : remembered.get(question)
    if (groups !== undefined) return { groups, count: sources.length }
    const asked = withFacts(grouping, facts)
    const rows = await statements.over(sources, (from) => groupSql(asked, from, where), { stop })
    return { rows, question, count: sources.length }
  })
  for await (const answer of answers) {
    const groups: Values[] = []
    for await (const some of groupsOf(answer)) {
      for (const values of some) {
        if (!sink.take(values)) return
        if (groups.length <= GROUPS_MAX) groups.push(values)
      }
    }
    if ("rows" in answer && answer.question !== undefined) remembered.put(answer.question, groups)
    progress.step(answer.count)
    yield* progress.told()
  }
}

/** `question`: what is worth remembering of whole segments. */
type Answer = { readonly count: number } & (
  | { readonly rows: Rows; readonly question: string | undefined }
  | { readonly groups: readonly Values[] }
)

/** `facts`: what the statistics of its only source say of all of its rows; `question`: see {@link Remembered}. */
type KnownPart = Part & { readonly facts?: SegmentFacts | undefined; readonly question?: string | undefined }

/** Records of the segments that are asked together: by their numbers, so that they are the same ones the next time. */
const RECORDS_TOGETHER = 320_000

/** What is to be read where statistics of segments of which all rows count are made use of, and groups that they know. */
async function knownOf(
  { known, keys }: Grouping,
  parts: readonly Part[],
  { statistics, statements }: Scan,
): Promise<{ readonly read: readonly KnownPart[]; readonly known: readonly Values[] }> {
  const [whole, others] = [parts.filter(isWhole), parts.filter((part) => !isWhole(part))]
  if (known === undefined || whole.length === 0) return { read: parts, known: [] }
  const sources = whole.flatMap((part) => part.sources)
  const facts = await statistics.of(sources, statements.stop)
  const about = JSON.stringify([known.kind, ...keys.map(({ text, values }) => [text, ...values.map(String)])])
  const asked = (some: readonly Source[]) => ({
    sources: some,
    where: TRUE,
    question: questionOf(some, about),
  })
  if (known.kind === "filled") {
    const bySegment = sources.map((source) => ({ ...asked([source]), facts: facts.get(source) }))
    return { read: [...bySegment, ...others], known: [] }
  }
  const column = known.column ?? ""
  const values = new Map(sources.map((source) => [source, fewValues(facts.get(source)?.get(column))]))
  const unknown = sources.filter((source) => values.get(source) === undefined)
  const together = Map.groupBy(unknown, ({ segment, first }) =>
    segment === undefined ? undefined : Math.floor(first / RECORDS_TOGETHER),
  )
  const read = [...together.values()].flatMap((some) =>
    partsOf(some, () => TRUE, { bodies: keys.some(readsBodies) }),
  )
  return {
    read: [...read.map((part) => asked(part.sources)), ...others],
    known: [...values.values()].flatMap((few) => few ?? []).map(([value, rows]) => [value, String(rows)]),
  }
}

/** Undefined where not all of them are segments. */
function questionOf(sources: readonly Source[], about: string): string | undefined {
  const hashes = sources.map(({ segment }) => segment?.sha256)
  return hashes.includes(undefined) ? undefined : `${hashes.join()} ${about}`
}

/** The grouping without a look at columns of which the statistics say how many rows have a value. */
function withFacts(grouping: Grouping, facts: SegmentFacts | undefined): Grouping {
  const { known, results } = grouping
  if (known?.kind !== "filled" || facts === undefined) return grouping
  const counted = results.map((result, i) => {
    const rows = filledRows(facts.get(known.columns[i] ?? ""))
    return rows === undefined ? result : trusted(`'${rows}'`)
  })
  return { ...grouping, results: counted }
}

async function* groupsOf(answer: Answer): AsyncGenerator<Iterable<Values>> {
  if ("groups" in answer) yield answer.groups
  else for await (const chunk of chunksOf(answer.rows)) yield groupsIn(chunk, answer.rows.names.length)
}

function* groupsIn(chunk: Batch, width: number): Generator<Values> {
  const columns = Array.from({ length: width }, (_, i) => chunk.column(i))
  for (let i = 0; i < chunk.count; i++) yield columns.map((column) => column.text(i) ?? null)
}

const isWhole = ({ where }: Part) => where.text === TRUE.text
