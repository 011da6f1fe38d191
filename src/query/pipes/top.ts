import { fieldSet } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { newRow } from "../row.ts"
import { parseCount } from "../reader.ts"
import type { PipeWord } from "../word.ts"
import { compareTexts } from "../words.ts"
import { type Counted, countBy } from "./counted.ts"
import { readField, readListOrParenthesised } from "./read.ts"
import { printRank, readRank } from "./sort.ts"
import { hitsName } from "./uniq.ts"

const ROWS_DEFAULT = 10

/** `| top N by (a, b)`: the combinations of values that come most often, with their counts. */
export const top: PipeWord = {
  word: "top",
  example: `objectRef.resource:=secrets | top 5 by (user.username)`,
  parse(reader) {
    reader.next()
    const counted =
      parseCount(reader.token.text) !== undefined ||
      (!reader.token.quoted && /^[0-9]/.test(reader.token.text))
    const start = reader.token
    const rows = counted ? reader.count("a number of rows") : ROWS_DEFAULT
    if (rows === 0) throw reader.refuse("top needs a number above 0", start)
    reader.skip("by")
    const fields = readListOrParenthesised(reader)
    if (fields.length === 0) throw reader.refuse("top needs fields to count by")
    let hits = hitsName(fields)
    let rank: string | undefined
    for (;;) {
      if (reader.skip("hits")) {
        reader.skip("as")
        hits = readField(reader)
      } else if (reader.skip("rank")) rank = readRank(reader)
      else break
    }
    // The count takes the place of no field that is counted.
    while (fields.includes(hits)) hits += "s"
    const text = [
      "top",
      rows === ROWS_DEFAULT ? "" : ` ${rows}`,
      ` by (${fields.map(printField).join(", ")})`,
      hits === "hits" ? "" : ` hits as ${printField(hits)}`,
      printRank(rank),
    ].join("")
    return {
      word: "top",
      print: () => text,
      needs: () => fieldSet(fields),
      ...countBy(fields, (groups, next) => {
        for (const [i, { key, value }] of groups.toSorted(compareCounted).slice(0, rows).entries()) {
          const row = newRow()
          fields.forEach((field, at) => {
            row[field] = key[at] ?? ""
          })
          row[hits] = String(value.hits)
          if (rank !== undefined) row[rank] = String(i + 1)
          if (!next.take(row)) return
        }
      }),
    }
  },
}

function compareCounted(a: Counted, b: Counted): number {
  if (a.value.hits !== b.value.hits) return b.value.hits - a.value.hits
  // Not in natural order: as VictoriaLogs has it.
  for (const [i, value] of a.key.entries()) {
    const order = compareTexts(value, b.key[i] ?? "")
    if (order !== 0) return order
  }
  return 0
}
