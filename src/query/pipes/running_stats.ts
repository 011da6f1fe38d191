import { addPatterns, removeFields } from "../fieldset.ts"
import { compareValues, compareTuples } from "../order.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, newRow, type Row, weighRow } from "../row.ts"
import { RUNNING } from "../stats/running.ts"
import type { Accumulator, StatsFunction } from "../stats/stats.ts"
import type { FieldSet, Pipe, RunScene, Sink } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { atPipeEnd, readField, readParenthesised } from "./read.ts"

/** `| running_stats by (a) sum(b) as c`: rows in the order of their time, each with what a function says up to it. */
export const runningStats: PipeWord = {
  word: "running_stats",
  example: `_time:1d | stats by (_time:1h) count() hits | running_stats sum(hits) so_far`,
  parse: (reader) => readRowStats(reader, "running_stats"),
}

/** `| total_stats by (a) sum(b) as c`: each row with what a function says of all rows. */
export const totalStats: PipeWord = {
  word: "total_stats",
  example: `* | stats by (verb) count() hits | total_stats sum(hits) all | math round(hits / all * 100) as percent`,
  parse: (reader) => readRowStats(reader, "total_stats"),
}

type Word = "running_stats" | "total_stats"
type Result = { readonly call: StatsFunction; readonly name: string }
type RowStats = { readonly word: Word; readonly keys: readonly string[]; readonly results: readonly Result[] }

const byWord = new Map(RUNNING.map((word) => [word.word, word]))

function readRowStats(reader: Reader, word: Word): Pipe {
  reader.next()
  const keys = reader.skip("by") || reader.is("(") ? readParenthesised(reader, "after by", readField) : []
  const results: Result[] = []
  do results.push(readResult(reader, word, results))
  while (reader.skip(","))
  const by = keys.length > 0 ? ` by (${keys.map(printField).join(", ")})` : ""
  const calls = results.map(({ call, name }) => `${call.print()} as ${printField(name)}`)
  return {
    word,
    print: () => `${word}${by} ${calls.join(", ")}`,
    needs: (after) => neededBefore(after, keys, results),
    measures: (before) => new Set([...before, ...results.map(({ name }) => name)]),
    run: (next, scene) => runRowStats({ word, keys, results }, next, scene),
  }
}

function readResult(reader: Reader, word: Word, before: readonly Result[]): Result {
  const start = reader.token
  const known = byWord.get(reader.word)
  if (known === undefined)
    throw reader.refuse(`${word} takes count(), sum(), min(), max(), first() and last()`)
  reader.next()
  const call = known.parse(reader)
  const named = reader.skip("as")
  const name = named || !(atPipeEnd(reader) || reader.is(",")) ? readField(reader) : call.print()
  if (before.some((result) => result.name === name)) {
    throw reader.refuse(`${JSON.stringify(name)} is there already; give the result another name`, start)
  }
  return { call, name }
}

function neededBefore(after: FieldSet, keys: readonly string[], results: readonly Result[]): FieldSet {
  const given = results.map(({ name }) => name)
  const read = results.flatMap(({ call }) => call.fields)
  return addPatterns(removeFields(after, given), ["_time", ...keys, ...read])
}

function runRowStats({ word, keys, results }: RowStats, next: Sink, scene: RunScene): Sink {
  const groups = new Map<string, { readonly key: readonly string[]; readonly rows: Row[] }>()
  return {
    take(row) {
      const key = keys.map((field) => fieldValue(row, field))
      const name = JSON.stringify(key)
      const group = groups.get(name) ?? { key, rows: [] }
      groups.set(name, group)
      group.rows.push(row)
      return scene.budget.charge(2 * weighRow(row))
    },
    end() {
      const ordered = [...groups.values()].sort((a, b) => compareTuples(a.key, b.key))
      for (const { rows } of ordered) if (!passGroup(word, results, rows, next)) break
      next.end()
    },
  }
}

function passGroup(word: Word, results: readonly Result[], rows: Row[], next: Sink): boolean {
  rows.sort((a, b) => compareValues(fieldValue(a, "_time"), fieldValue(b, "_time")))
  const parts = results.map(({ call }) => call.start(1))
  if (word === "total_stats") for (const row of rows) for (const part of parts) part.add(row)
  const values = word === "total_stats" ? parts.map((part) => part.value()) : undefined
  return rows.every((row) => next.take(withResults(row, results, values ?? step(parts, row))))
}

function step(parts: readonly Accumulator[], row: Row): readonly string[] {
  return parts.map((part) => {
    part.add(row)
    return part.value()
  })
}

function withResults(row: Row, results: readonly Result[], values: readonly string[]): Row {
  const changed = newRow(row)
  results.forEach(({ name }, i) => {
    changed[name] = values[i] ?? ""
  })
  return changed
}
