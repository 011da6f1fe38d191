import { type Bucket, type BucketOffset, formatTime, parseBucket, parseBucketOffset } from "../bucket.ts"
import { type Columns, keySql } from "../column.ts"
import { fieldSet, fieldsOf, matchesFilter } from "../fieldset.ts"
import { Groups, weighKey } from "../groups.ts"
import { STATS_WORDS } from "../keywords.ts"
import { formatFilter } from "../print.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, newRow, type Row } from "../row.ts"
import { type Sql, TRUE } from "../sql.ts"
import { STATS } from "../stats/index.ts"
import type { Accumulator, StatsFunction } from "../stats/stats.ts"
import type { Filter, Grouping, Pipe, RunScene, Scene, Sink } from "../tree.ts"
import { whereFilter } from "../where.ts"
import type { PipeWord } from "../word.ts"
import { atPipeEnd, readCondition, readField, readParenthesised } from "./read.ts"

const byWord = new Map(STATS.map((word) => [word.word, word]))

/** `| stats by (a, _time:1h) count() hits, max(b) if (c:d) most`: rows in groups, and what functions say of each group. */
export const stats: PipeWord = {
  word: "stats",
  example: `_time:1d | stats by (user.username, verb) count() hits, count() if (responseStatus.code:>=400) refused`,
  parse(reader) {
    reader.next()
    return readStats(reader)
  },
}

type Key = { readonly field: string; readonly bucket: Bucket | undefined }
type Result = {
  readonly call: StatsFunction
  readonly when: Filter | undefined
  readonly name: string
  readonly text: string
}

/** The reader stands behind `stats`, or on `by` or the first function where the word was left out. */
export function readStats(reader: Reader): Pipe {
  const keys = reader.skip("by") || reader.is("(") ? readParenthesised(reader, "after by", readKey) : []
  const results: Result[] = []
  do results.push(readResult(reader, keys, results))
  while (reader.skip(","))
  if (!atPipeEnd(reader)) throw reader.refuse(`expected "," or "|" after a function of stats`)
  return statsPipe(keys, results)
}

function readKey(reader: Reader): Key {
  const name = reader.compound("a field name", "stopAtColon")
  const field = name === "" ? "_msg" : name
  if (!reader.skip(":")) return { field, bucket: undefined }
  const start = reader.token
  const size = reader.is("/")
    ? reader.next().text + reader.compound("a number of bits")
    : reader.compound("a step")
  const offset = reader.skip("offset") ? readBucketOffset(reader) : undefined
  const bucket = parseBucket(size, offset)
  if (bucket === undefined) throw reader.refuse("expected a step like 1h, 100 or /24", start)
  return { field, bucket }
}

function readBucketOffset(reader: Reader): BucketOffset {
  const start = reader.token
  const offset = parseBucketOffset(reader.compound("a duration or number"))
  if (offset === undefined) throw reader.refuse("expected a duration like 5m or a number", start)
  return offset
}

function readResult(reader: Reader, keys: readonly Key[], before: readonly Result[]): Result {
  const start = reader.token
  const function_ = byWord.get(reader.word)
  if (function_ === undefined) {
    if (STATS_WORDS.includes(reader.word)) throw reader.unsupported(`the stats function ${reader.word}()`)
    throw reader.refuse("expected a function like count()")
  }
  reader.next()
  if (!reader.is("(")) throw reader.refuse(`expected "(" after ${function_.word}`)
  const call = function_.parse(reader)
  const when = readCondition(reader)
  const text = call.print() + (when === undefined ? "" : ` if (${formatFilter(when)})`)
  const named = reader.skip("as")
  if (named && atPipeEnd(reader)) throw reader.refuse("expected a name after as")
  const name =
    named || (!atPipeEnd(reader) && !reader.is(",")) ? readField(reader, "a name for the result") : text
  if (keys.some((key) => key.field === name) || before.some((result) => result.name === name)) {
    throw reader.refuse(`${JSON.stringify(name)} is there already; give the result another name`, start)
  }
  return { call, when, name, text }
}

function statsPipe(keys: readonly Key[], results: readonly Result[]): Pipe {
  const by = keys.map(
    ({ field, bucket }) => printField(field) + (bucket === undefined ? "" : `:${bucket.text}`),
  )
  const calls = results.map(({ text, name }) => `${text} as ${printField(name)}`)
  const conditions = results.flatMap(({ when }) => (when === undefined ? [] : [when]))
  const needed = [
    ...keys.map((key) => key.field),
    ...conditions.flatMap(fieldsOf),
    ...results.flatMap(({ call }) => call.fields),
  ]
  return {
    word: "stats",
    print: () => `stats ${by.length > 0 ? `by (${by.join(", ")}) ` : ""}${calls.join(", ")}`,
    needs: () => fieldSet(needed),
    filters: conditions,
    withFilters: (answered) => statsPipe(keys, withConditions(results, answered)),
    run: (next, scene) => runStats(keys, results, next, scene),
    shape: { kind: "group", group: (columns, scene) => groupStats(keys, results, columns, scene) },
    perStep: (bucket) =>
      statsPipe([{ field: "_time", bucket }, ...keys.filter((key) => key.field !== "_time")], results),
    measures: () => new Set(results.map(({ name }) => name)),
    ...(keys.length === 0 && results.length === 1 ? { onlyField: results[0]?.name ?? "" } : {}),
  }
}

/** The results with other conditions, in their order. */
function withConditions(results: readonly Result[], conditions: readonly Filter[]): readonly Result[] {
  const left = conditions[Symbol.iterator]()
  return results.map((result) =>
    result.when === undefined ? result : { ...result, when: left.next().value },
  )
}

function runStats(keys: readonly Key[], results: readonly Result[], next: Sink, scene: RunScene): Sink {
  const table = openTable(keys, results, scene)
  return {
    take: (row: Row) => {
      const key = keys.map(({ field, bucket }) => {
        const value = fieldValue(row, field)
        return bucket === undefined ? value : bucket.of(value)
      })
      let grown = 0
      const group = table.at(key)
      results.forEach(({ when }, i) => {
        if (when === undefined || matchesFilter(when, row, scene)) grown += group.parts[i]?.add(row) ?? 0
      })
      return scene.budget.charge(group.fresh + grown)
    },
    end: () => table.finish(next),
  }
}

/** The same in SQL, where every key and function can be said in it. */
function groupStats(
  keys: readonly Key[],
  results: readonly Result[],
  columns: Columns,
  scene: Scene,
): Grouping | undefined {
  const keysSql = keys.map((key) => keyIn(columns, key))
  const partials = results.map(({ call, when }) =>
    call.partial?.(columns, when === undefined ? TRUE : whereFilter(when, columns, scene)),
  )
  if (!isComplete(keysSql) || !isComplete(partials)) return undefined
  const widths = partials.map((partial) => partial?.length ?? 0)
  return {
    keys: keysSql,
    results: partials.flatMap((partial) => partial ?? []),
    join(next, scene) {
      const table = openTable(keys, results, scene)
      return {
        take: (values) => {
          const group = table.at(keys.map((key, i) => textOfKey(key, values[i] ?? "")))
          let at = keys.length
          let grown = 0
          widths.forEach((width, i) => {
            grown += group.parts[i]?.join(values.slice(at, at + width)) ?? 0
            at += width
          })
          return scene.budget.charge(group.fresh + grown)
        },
        end: () => table.finish(next),
      }
    },
  }
}

function isComplete<T>(items: readonly (T | undefined)[]): items is readonly T[] {
  return items.every((item) => item !== undefined)
}

function keyIn(columns: Columns, { field, bucket }: Key): Sql | undefined {
  const column = columns.find(field)
  return bucket === undefined ? keySql(column) : bucket.sql?.(column)
}

/** Buckets of times come as their numbers. */
function textOfKey({ bucket }: Key, value: string): string {
  const start = value === "" ? undefined : bucket?.startOf?.(Number(value))
  return start === undefined ? value : formatTime(start)
}

type Group = { readonly parts: readonly Accumulator[] }

function openTable(keys: readonly Key[], results: readonly Result[], scene: Scene) {
  const groups = new Groups<Group>()
  const step = keys.find(({ field }) => field === "_time")?.bucket?.seconds
  const seconds = step ?? scene.rangeSeconds ?? 1
  const start = (): Group => ({ parts: results.map(({ call }) => call.start(seconds)) })
  return {
    /** `fresh` is what the group costs, when it is new. */
    at(key: readonly string[]): { readonly parts: readonly Accumulator[]; readonly fresh: number } {
      const { value, fresh } = groups.at(key, start)
      return { parts: value.parts, fresh: fresh ? weighKey(key) + 96 * results.length : 0 }
    },
    finish(next: Sink): void {
      // Without `by` there is always one group, also over no rows.
      if (keys.length === 0) groups.at([], start)
      for (const { key, value } of groups.entries()) {
        const row = newRow()
        keys.forEach(({ field }, i) => {
          row[field] = key[i] ?? ""
        })
        results.forEach(({ name }, i) => {
          row[name] = value.parts[i]?.value() ?? ""
        })
        if (!next.take(row)) break
      }
      next.end()
    },
  }
}
