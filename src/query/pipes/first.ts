import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import type { Pipe, SortKey } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { readField, readParenthesised } from "./read.ts"
import { printRank, readKeys, readRank, type Sort, sortPipe } from "./sort.ts"

/** `| first N by (a)`: the first rows in an order. */
export const first: PipeWord = {
  word: "first",
  example: `verb:create | first 5 by (_time)`,
  parse: (reader) => readEnds(reader, "first"),
}

/** `| last N by (a)`: the last rows in an order, the very last first. */
export const last: PipeWord = {
  word: "last",
  example: `verb:create | last 5 by (_time)`,
  parse: (reader) => readEnds(reader, "last"),
}

function readEnds(reader: Reader, word: "first" | "last"): Pipe {
  reader.next()
  const plain = reader.is("by", "partition", "rank", "(", "|", ")", "")
  const rows = plain ? 1 : reader.count("a number of rows")
  if (rows === 0) throw reader.refuse(`${word} needs a number above 0`)
  const by = reader.is("by", "(") ? readKeys(reader) : []
  let partition: readonly string[] = []
  if (reader.skip("partition")) {
    reader.skip("by")
    partition = readParenthesised(reader, "after partition by", readField)
  }
  const rank = reader.skip("rank") ? readRank(reader) : undefined
  const sort: Sort = { by, descending: word === "last", partition, offset: undefined, limit: rows, rank }
  const sorted = sortPipe(sort)
  const text = [
    word,
    rows === 1 ? "" : ` ${rows}`,
    by.length > 0 ? ` by (${by.map(printKey).join(", ")})` : "",
    partition.length > 0 ? ` partition by (${partition.map(printField).join(", ")})` : "",
    printRank(rank),
  ].join("")
  const { join: _, ...alone } = sorted
  return { ...alone, word, print: () => text }
}

function printKey({ field, descending }: SortKey): string {
  return printField(field) + (descending ? " desc" : "")
}
