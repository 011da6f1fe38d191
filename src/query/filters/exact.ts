import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { FALSE, sql } from "../sql.ts"
import type { Filter, Leaf } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"

/** `field:="value"`: the whole value. `field:="begin"*`: a value that begins so. */
export const exact: FilterWord = {
  word: "=",
  example: `objectRef.resource:=secrets user.username:="system:serviceaccount:"*`,
  parse(reader, field) {
    reader.next()
    return readExact(reader, field)
  },
}

/** `exact("value")` is the same as `="value"`. */
export const exactFunction: FilterWord = {
  word: "exact",
  example: `verb:exact(delete)`,
  parse(reader, field) {
    reader.next()
    reader.expect("(", "after exact")
    const filter = readExact(reader, field)
    reader.expect(")", "after the argument of exact()")
    return filter
  },
}

function readExact(reader: Reader, field: string | undefined): Filter {
  const text = reader.compound("a value")
  if (reader.token.spaced || !reader.is("*")) return exactFilter(field, text)
  reader.next()
  return exactPrefixFilter(field, text)
}

export function exactFilter(field: string | undefined, text: string): Leaf {
  return valueLeaf(field, {
    word: "=",
    text: `=${quoteIfNeeded(text)}`,
    test: (value) => value === text,
    sql: (value) => sql`${value} = ${text}`,
    integer: (column) => (isInteger(text) ? sql`${column} = ${BigInt(text)}` : FALSE),
    element: (column) => sql`list_contains(${column}, ${text})`,
    exactly: [text],
    says: { kind: "equals", text },
  })
}

function exactPrefixFilter(field: string | undefined, prefix: string): Filter {
  return valueLeaf(field, {
    word: "=",
    text: `=${quoteIfNeeded(prefix)}*`,
    test: (value) => value.startsWith(prefix),
    sql: (value) => sql`starts_with(${value}, ${prefix})`,
  })
}

/** Whether a BIGINT is printed so. */
export function isInteger(text: string): boolean {
  return /^(0|-?[1-9][0-9]{0,17})$/.test(text)
}
