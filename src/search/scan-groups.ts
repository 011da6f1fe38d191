import { groupSql } from "../query/group-sql.ts"
import type { GroupsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { TRUE } from "../query/sql.ts"
import type { Grouping, GroupSink, Values } from "../query/tree.ts"
import type { Batch, Rows } from "../store/duckdb.ts"
import { type Part, partsOf } from "./parts.ts"
import { chunksOf } from "./read.ts"
import type { Scan } from "./scan.ts"
import { readsBodies } from "./statements.ts"

/** Groups of each part, counted by the engine and joined here. */
export async function* scanGroups({ grouping }: GroupsRead, scan: Scan): AsyncGenerator<readonly Row[]> {
  const { statements, progress, remembered } = scan
  const sink = scan.head as GroupSink
  const selected = [...grouping.keys, ...grouping.results]
  progress.begin(scan.sources.length)
  yield* progress.told()
  const lot = await scan.choose(scan.sources)
  const parts = partsOf(lot.sources, lot.where, { bodies: selected.some(readsBodies) })
  const read = grouping.isSteady === true ? parts.flatMap(bySegment) : parts
  const answers = statements.each(read, async (part, stop): Promise<Answer> => {
    const { sources, where } = part
    const whole = wholeSegment(part, grouping)
    const known = whole === undefined ? undefined : remembered.get(whole)
    if (known !== undefined) return { known, whole: undefined, count: sources.length }
    const rows = await statements.over(sources, (from) => groupSql(grouping, from, where), { stop })
    return { rows, whole, count: sources.length }
  })
  for await (const answer of answers) {
    for await (const groups of groupsOf(answer)) {
      for (const values of groups) {
        if (answer.whole !== undefined) remembered.put(answer.whole, values)
        if (!sink.take(values)) return
      }
    }
    progress.step(answer.count)
    yield* progress.told()
  }
}

/** `whole`: the segment of which all was counted, where that is worth remembering. */
type Answer = { readonly whole: string | undefined; readonly count: number } & (
  | { readonly rows: Rows }
  | { readonly known: Values }
)

async function* groupsOf(answer: Answer): AsyncGenerator<Iterable<Values>> {
  if ("known" in answer) yield [answer.known]
  else for await (const chunk of chunksOf(answer.rows)) yield groupsIn(chunk, answer.rows.names.length)
}

function* groupsIn(chunk: Batch, width: number): Generator<Values> {
  const columns = Array.from({ length: width }, (_, i) => chunk.column(i))
  for (let i = 0; i < chunk.count; i++) yield columns.map((column) => column.text(i) ?? null)
}

/** Segments by themselves where all of their records are counted, so that what is said of each can be remembered. */
function bySegment(part: Part): readonly Part[] {
  if (part.where.text !== TRUE.text) return [part]
  return part.sources.map((source) => ({ sources: [source], where: part.where }))
}

function wholeSegment({ sources, where }: Part, { isSteady }: Grouping): string | undefined {
  const [source, ...others] = sources
  if (isSteady !== true || others.length > 0 || where.text !== TRUE.text) return undefined
  return source?.segment?.sha256
}
