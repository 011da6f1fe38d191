import { addFields, fieldsOf, matchesFilter } from "../fieldset.ts"
import { formatFilter } from "../print.ts"
import type { Reader } from "../reader.ts"
import { andFilters } from "../simplify.ts"
import type { Filter, Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"

/** `| filter f`: keeps rows that match. The word may be left out. */
export const filter: PipeWord = {
  word: "filter",
  aliases: ["where"],
  example: `verb:get | stats by (user.username) count() hits | filter hits:>100`,
  parse(reader) {
    reader.next()
    return readFilterPipe(reader)
  },
}

export function readFilterPipe(reader: Reader): Pipe {
  return filterPipe(reader.grammar.filter(reader, undefined))
}

export function filterPipe(wanted: Filter): Pipe {
  const pipe = eachPipe({
    word: "filter",
    text: ` ${formatFilter(wanted)}`,
    keepsRows: false,
    writes: [],
    needs: (after) => addFields(after, fieldsOf(wanted)),
    step: (row, scene) => (matchesFilter(wanted, row, scene) ? row : undefined),
  })
  return {
    ...pipe,
    filter: wanted,
    filters: [wanted],
    withFilters: ([answered]) => filterPipe(answered ?? wanted),
    join: (next) => (next.filter === undefined ? undefined : filterPipe(andFilters([wanted, next.filter]))),
  }
}
