import { ALL_FIELDS, addFields, removeFields } from "../fieldset.ts"
import { compareRows, compareTuples, TopRows } from "../order.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type Row, weighRow, withField } from "../row.ts"
import type { Pipe, RunScene, Sink, SortKey } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { readField, readParenthesised } from "./read.ts"

/** `| sort by (a desc, b) partition by (c) offset N limit N rank as r`: rows in order. */
export const sort: PipeWord = {
  word: "sort",
  aliases: ["order"],
  example: `verb:delete | sort by (_time desc) limit 10`,
  parse(reader) {
    reader.next()
    const by = reader.is("by", "(") ? readKeys(reader) : []
    const descending = readDirection(reader)
    const rest = readRest(reader)
    if (rest.partition.length > 0 && rest.limit === undefined) {
      throw reader.refuse("partition by needs a limit: so many rows of each partition")
    }
    return sortPipe({ by, descending, ...rest })
  },
}

export type Sort = {
  readonly by: readonly SortKey[]
  /** Turns every key around. */
  readonly descending: boolean
  readonly partition: readonly string[]
  readonly offset: number | undefined
  readonly limit: number | undefined
  readonly rank: string | undefined
}

export function readKeys(reader: Reader): readonly SortKey[] {
  reader.skip("by")
  return readParenthesised(reader, "before the fields to sort by", (reader) => {
    const field = readField(reader)
    return { field, descending: readDirection(reader) }
  })
}

function readDirection(reader: Reader): boolean {
  if (reader.skip("desc")) return true
  reader.skip("asc")
  return false
}

function readRest(reader: Reader): Omit<Sort, "by" | "descending"> {
  let partition: readonly string[] = []
  let [offset, limit, rank]: [number?, number?, string?] = []
  for (;;) {
    const word = reader.token
    const once = (seen: unknown) => {
      if (seen !== undefined) throw reader.refuse(`${word.text} stands here twice`, word)
      reader.next()
    }
    if (reader.is("partition")) {
      reader.next()
      reader.skip("by")
      partition = readParenthesised(reader, "after partition by", readField)
    } else if (reader.is("offset")) {
      once(offset)
      offset = reader.count("a number of rows")
    } else if (reader.is("limit")) {
      once(limit)
      limit = reader.count("a number of rows")
    } else if (reader.is("rank")) {
      once(rank)
      rank = readRank(reader)
    } else return { partition, offset, limit, rank }
  }
}

/** The name behind `rank [as]`; "rank" where there is none. */
export function readRank(reader: Reader): string {
  reader.skip("as")
  return reader.is("|", ")", "", "offset", "limit", "partition") ? "rank" : readField(reader)
}

export function printRank(rank: string | undefined): string {
  if (rank === undefined) return ""
  return rank === "rank" ? " rank" : ` rank as ${printField(rank)}`
}

export function sortPipe(given: Sort): Pipe {
  // `limit 0` is none, as in VictoriaLogs.
  const sort = given.limit === 0 ? { ...given, limit: undefined } : given
  const rows = sort.limit === undefined ? undefined : sort.limit + (sort.offset ?? 0)
  const keys = effectiveKeys(sort)
  const pushable = sort.partition.length === 0 && sort.by.length > 0
  return {
    word: "sort",
    print: () => `sort${printSort(sort)}`,
    needs: (after) => sortNeeds(after, sort),
    run: (next, scene) =>
      sort.partition.length > 0 ? runPartitions(sort, next, scene) : runWhole(sort, keys, rows, next, scene),
    ...(pushable
      ? {
          shape: {
            kind: "sort",
            by: keys,
            offset: sort.offset ?? 0,
            ...(sort.limit === undefined ? {} : { limit: sort.limit }),
          },
        }
      : {}),
    join: (after) => joinSort(sort, after),
    // Rows are cut or numbered within each step.
    perStep: () => sortPipe({ ...sort, partition: ["_time", ...sort.partition] }),
  }
}

function effectiveKeys({ by, descending }: Sort): readonly SortKey[] {
  return descending ? by.map((key) => ({ field: key.field, descending: !key.descending })) : by
}

export function sortNeeds(after: Parameters<Pipe["needs"]>[0], { by, partition, rank }: Sort) {
  if (by.length === 0) return ALL_FIELDS
  const given = rank === undefined ? after : removeFields(after, [rank])
  return addFields(given, [...by.map((key) => key.field), ...partition])
}

export function printSort({ by, descending, partition, offset, limit, rank }: Sort): string {
  const keys = by.map((key) => printField(key.field) + (key.descending ? " desc" : ""))
  return [
    by.length > 0 ? ` by (${keys.join(", ")})` : "",
    descending ? " desc" : "",
    partition.length > 0 ? ` partition by (${partition.map(printField).join(", ")})` : "",
    offset !== undefined && offset > 0 ? ` offset ${offset}` : "",
    limit !== undefined && limit > 0 ? ` limit ${limit}` : "",
    printRank(rank),
  ].join("")
}

/** `sort … | offset 10 | limit 20` is one pipe; the plan sees the limit then. */
function joinSort(sort: Sort, after: Pipe): Pipe | undefined {
  if (sort.partition.length > 0) return undefined
  if (after.shape?.kind === "offset" && sort.rank === undefined) return withOffset(sort, after.shape.rows)
  if (after.shape?.kind === "limit" && after.shape.rows > 0) {
    return sortPipe({ ...sort, limit: Math.min(sort.limit ?? Number.POSITIVE_INFINITY, after.shape.rows) })
  }
  return undefined
}

/** So many rows less, from the beginning; undefined where none would be left. */
function withOffset(sort: Sort, rows: number): Pipe | undefined {
  const { offset = 0, limit } = sort
  if (limit === undefined) return sortPipe({ ...sort, offset: offset + rows })
  return limit > rows ? sortPipe({ ...sort, offset: offset + rows, limit: limit - rows }) : undefined
}

function runWhole(
  sort: Sort,
  keys: readonly SortKey[],
  most: number | undefined,
  next: Sink,
  scene: RunScene,
): Sink {
  const compare = (a: Row, b: Row) =>
    compareRows(a, b, keys) * (sort.by.length === 0 && sort.descending ? -1 : 1)
  const top = new TopRows(compare, most === 0 ? undefined : most)
  let held = 0
  return {
    take: (row) => {
      held++
      // A sort with a limit holds at most twice as many rows, whatever comes.
      const more = most === undefined || held <= 2 * most ? scene.budget.charge(weighRow(row)) : true
      if (more) top.add(row)
      return more
    },
    end: () => {
      passOn(top.sorted(), sort, next)
      next.end()
    },
  }
}

function runPartitions(sort: Sort, next: Sink, scene: RunScene): Sink {
  const keys = effectiveKeys(sort)
  const most = sort.limit === undefined ? undefined : sort.limit + (sort.offset ?? 0)
  const partitions = new Map<string, Partition>()
  return {
    take: (row) => {
      const key = sort.partition.map((field) => fieldValue(row, field))
      const name = JSON.stringify(key)
      let partition = partitions.get(name)
      if (partition === undefined) {
        partition = { key, top: new TopRows((a, b) => compareRows(a, b, keys), most), rows: 0 }
        partitions.set(name, partition)
      }
      const held = most === undefined || partition.rows++ <= 2 * most
      if (held && !scene.budget.charge(weighRow(row))) return false
      partition.top.add(row)
      return true
    },
    end: () => {
      const ordered = [...partitions.values()].sort((a, b) => compareTuples(a.key, b.key))
      for (const { top } of ordered) if (!passOn(top.sorted(), sort, next)) break
      next.end()
    },
  }
}

type Partition = { readonly key: readonly string[]; readonly top: TopRows; rows: number }

function passOn(rows: readonly Row[], { offset = 0, limit, rank }: Sort, next: Sink): boolean {
  const last = limit === undefined || limit === 0 ? rows.length : offset + limit
  for (let i = offset; i < Math.min(last, rows.length); i++) {
    const row = rows[i]
    if (row === undefined) break
    if (!next.take(rank === undefined ? row : withField(row, rank, String(i + 1)))) return false
  }
  return true
}
