import { FALSE, type Sql } from "../query/sql.ts"
import { batches, type Source } from "./snapshot.ts"
import { readsBodies } from "./statements.ts"

/** The condition on the records of one source. The same object for sources that can be read in one statement. */
export type Where = (source: Source) => Sql

export const NOWHERE: Where = () => FALSE

/** What one statement reads. */
export type Part = { readonly sources: readonly Source[]; readonly where: Sql }

export type PartSizes = {
  /** Rows of the first part, where its answer may be enough. */
  readonly startRows?: number
  /** Bodies are read, if not by the condition then by what is selected. */
  readonly bodies?: boolean
}

/** Rows of one statement that looks through bodies: a tenth of a second, after which others have their turn. */
const BODY_ROWS = 120_000

/** The sources in their order, as parts of a size for one statement each. */
export function partsInOrder(
  sources: readonly Source[],
  where: Where,
  { startRows, bodies = false }: PartSizes = {},
): readonly Part[] {
  const parts: Part[] = []
  let rowsMax = startRows
  for (const run of runsOf(sources, where)) {
    const mostRows = bodies || readsBodies(run.where) ? { mostRows: BODY_ROWS } : {}
    const start = rowsMax === undefined ? {} : { startRows: rowsMax }
    const groups = batches(run.sources, { ...start, ...mostRows })
    for (const group of groups) parts.push({ sources: group, where: run.where })
    // As if it were one run: a part is at most three times as large as the one before.
    if (rowsMax !== undefined) rowsMax *= 3 ** groups.length
  }
  return parts
}

/** The same where the order means nothing: those with the same condition together. */
export function partsOf(sources: readonly Source[], where: Where, sizes: PartSizes = {}): readonly Part[] {
  const bySql = Map.groupBy(sources, where)
  return partsInOrder([...bySql.values()].flat(), where, sizes)
}

function runsOf(sources: readonly Source[], where: Where): readonly Part[] {
  const runs: { readonly sources: Source[]; readonly where: Sql }[] = []
  for (const source of sources) {
    const condition = where(source)
    if (condition.text === FALSE.text) continue
    const last = runs.at(-1)
    if (last !== undefined && last.where === condition) last.sources.push(source)
    else runs.push({ sources: [source], where: condition })
  }
  return runs
}
