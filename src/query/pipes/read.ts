import { QUERY_LIMITS } from "../limits.ts"
import { printField, quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import type { Filter } from "../tree.ts"

/** A field's name; "" and `_msg` are the same field. */
export function readField(reader: Reader, what = "a field name"): string {
  const name = reader.compound(what)
  return name === "" ? "_msg" : name
}

/** A name, or a prefix of names: `a*`, `*`. */
export function readPattern(reader: Reader): string {
  if (reader.skip("*")) return "*"
  const name = readField(reader)
  return !reader.token.spaced && reader.skip("*") ? `${name}*` : name
}

/** `a, b, c`: at least one, no comma at the end. */
export function readList<T>(reader: Reader, readOne: (reader: Reader) => T): readonly T[] {
  const items = [readOne(reader)]
  while (reader.skip(",")) {
    items.push(readOne(reader))
    checkListLength(reader, items.length)
  }
  return items
}

/** `(a, b, c)`: may be empty, may end with a comma. */
export function readParenthesised<T>(
  reader: Reader,
  where: string,
  readOne: (reader: Reader) => T,
): readonly T[] {
  reader.expect("(", where)
  const items: T[] = []
  while (!reader.is(")")) {
    items.push(readOne(reader))
    checkListLength(reader, items.length)
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" in a list`)
  }
  reader.next()
  return items
}

/** `(a, b)` or `a, b`. */
export function readListOrParenthesised(reader: Reader): readonly string[] {
  return reader.is("(")
    ? readParenthesised(reader, "before field names", readField)
    : readList(reader, readField)
}

export function checkListLength(reader: Reader, count: number): void {
  if (count > QUERY_LIMITS.fieldsMax) {
    throw reader.refuse(`more than ${QUERY_LIMITS.fieldsMax} fields`, reader.token, "query.tooLarge")
  }
}

/** `if (filter)`, where it stands here. */
export function readCondition(reader: Reader): Filter | undefined {
  if (!reader.skip("if")) return undefined
  reader.expect("(", "after if")
  if (reader.skip(")")) return { kind: "all" }
  const filter = reader.nested(() => reader.grammar.filter(reader, undefined))
  reader.expect(")", "after the filter of if")
  return filter
}

/** The name of the result behind `[as]`; undefined where the pipe ends or goes on with one of these words. */
export function readResultName(reader: Reader, ...unless: readonly string[]): string | undefined {
  if (reader.skip("as")) return readField(reader, "a name for the result")
  return atPipeEnd(reader) || reader.is(...unless) ? undefined : readField(reader, "a name for the result")
}

/** ` as name`, where it is not the message. */
export function printResultName(name: string): string {
  return name === "_msg" ? "" : ` as ${printField(name)}`
}

/** ` word field`, where it is not the message. */
export function printSource(word: "at" | "from", field: string): string {
  return field === "_msg" ? "" : ` ${word} ${printField(field)}`
}

/** `at field`; the message where it is not said. */
export function readAt(reader: Reader): string {
  return reader.skip("at") ? readField(reader) : "_msg"
}

/** `filter "text"` of pipes that list values: only values that hold the text. */
export function readContained(reader: Reader): string {
  return reader.skip("filter") ? reader.compound("a text") : ""
}

export function printContained(text: string): string {
  return text === "" ? "" : ` filter ${quoteIfNeeded(text)}`
}

/** Whether the pipe ends here. */
export function atPipeEnd(reader: Reader): boolean {
  return reader.is("|", ")", "")
}
