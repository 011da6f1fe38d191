import { fieldSet, hasField, removeFields, addPatterns } from "../fieldset.ts"
import { printFieldPattern } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type Row, withField } from "../row.ts"
import type { Pipe } from "../tree.ts"
import { eachPipe } from "./each.ts"
import { printResultName, readParenthesised, readPattern, readResultName } from "./read.ts"

/** `pack_… fields (a, b*) as c`: fields of a row become one value. */
export function readPack(
  reader: Reader,
  pack: (fields: readonly (readonly [name: string, value: string])[]) => string,
): Pipe {
  const { word } = reader
  reader.next()
  const named = reader.skip("fields") ? readParenthesised(reader, "after fields", readPattern) : []
  const patterns = named.length === 0 || named.includes("*") ? ["*"] : named
  const to = readResultName(reader) ?? "_msg"
  const chosen = patterns[0] === "*" ? "" : ` fields (${patterns.map(printFieldPattern).join(", ")})`
  const choose = chooseFields(patterns)
  return eachPipe({
    word,
    text: chosen + printResultName(to),
    keepsRows: true,
    writes: [to],
    needs: (after) => addPatterns(removeFields(after, [to]), patterns),
    step: (row) => withField(row, to, pack(choose(row))),
  })
}

/** The fields that the row has, in its order. */
function chooseFields(patterns: readonly string[]) {
  const set = fieldSet(patterns)
  return (row: Row) =>
    Object.keys(row)
      .filter((name) => hasField(set, name))
      .map((name) => [name, fieldValue(row, name)] as const)
}
