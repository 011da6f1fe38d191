import { Refusal } from "../../base/refusal.ts"
import { addFields } from "../fieldset.ts"
import { QUERY_LIMITS } from "../limits.ts"
import { printField, quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type MutableRow, newRow, type Row } from "../row.ts"
import type { Pipe, Sink } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { readField, readParenthesised } from "./read.ts"
import { needingRows, printRowsSource, readRowsSource, type RowsSource, rowsIn } from "./rows_source.ts"

/**
 * `| join by (a) (query) inner prefix p`: each row with the fields of the rows of another query that have the same a; fields
 * that a row has stay. Rows without such a row stay as they are, or go away with `inner`.
 */
export const join: PipeWord = {
  word: "join",
  example: `verb:delete | stats by (user.username) count() deletions | join by (user.username) (verb:create | stats by (user.username) count() creations)`,
  parse(reader) {
    reader.next()
    reader.skip("by", "on")
    const keys = readParenthesised(reader, "before the fields to join by", readField)
    if (keys.length === 0) throw reader.refuse("join needs fields to join by")
    const source = readRowsSource(reader)
    return joinPipe({ keys, source, ...readEnd(reader) })
  },
}

type Join = {
  readonly keys: readonly string[]
  readonly source: RowsSource
  readonly inner: boolean
  readonly prefix: string
}

function readEnd(reader: Reader): Pick<Join, "inner" | "prefix"> {
  let [inner, prefix] = [false, ""]
  for (;;) {
    if (reader.skip("inner")) inner = true
    else if (reader.skip("prefix")) prefix = reader.compound("a prefix")
    else return { inner, prefix }
  }
}

function joinPipe(join: Join): Pipe {
  const { keys, source, inner, prefix } = join
  const end = `${inner ? " inner" : ""}${prefix === "" ? "" : ` prefix ${quoteIfNeeded(prefix)}`}`
  return {
    word: "join",
    print: () => `join by (${keys.map(printField).join(", ")}) ${printRowsSource(source)}${end}`,
    needs: (after) => addFields(after, keys),
    ...needingRows(source, (answered) => joinPipe({ ...join, source: answered })),
    run: (next) => runJoin(join, next),
  }
}

function runJoin({ keys, source, inner, prefix }: Join, next: Sink): Sink {
  const table = new Map<string, MutableRow[]>()
  for (const row of rowsIn(source)) {
    const name = keyOf(row, keys)
    const joined = newRow()
    for (const field of Object.keys(row))
      if (!keys.includes(field)) joined[prefix + field] = fieldValue(row, field)
    const known = table.get(name)
    if (known === undefined) table.set(name, [joined])
    else known.push(joined)
  }
  let made = 0
  return {
    take(row) {
      const found = table.get(keyOf(row, keys))
      if (found === undefined) return inner ? true : next.take(row)
      made += found.length
      if (made > QUERY_LIMITS.joinedRowsMax) {
        throw new Refusal(
          "query.tooLarge",
          `join makes more than ${QUERY_LIMITS.joinedRowsMax} rows; join by more fields`,
        )
      }
      return found.every((extra) => next.take(withExtra(row, extra)))
    },
    end: () => next.end(),
  }
}

function keyOf(row: Row, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => fieldValue(row, key)))
}

function withExtra(row: Row, extra: Row): Row {
  const changed = newRow(row)
  for (const name of Object.keys(extra))
    if (fieldValue(row, name) === "") changed[name] = fieldValue(extra, name)
  return changed
}
