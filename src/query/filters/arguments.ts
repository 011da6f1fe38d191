import { QUERY_LIMITS } from "../limits.ts"
import type { Reader } from "../reader.ts"

/**
 * Reads `word(a, "b", c,)` with the reader on the word: the arguments, strings without their quotes. A comma may stand
 * before the closing parenthesis, nothing may be left out.
 */
export function readArguments(
  reader: Reader,
  count: { readonly min: number; readonly max: number },
): readonly string[] {
  const name = reader.next()
  const items = readItems(reader, `after ${JSON.stringify(name.text)}`)
  if (items.length < count.min || items.length > count.max) {
    const wanted = count.min === count.max ? `${count.min}` : `${count.min} to ${count.max}`
    throw reader.refuse(`${name.text}() takes ${wanted} arguments, not ${items.length}`, name)
  }
  return items
}

/** Reads `(a, b, c)`; with `star`, a `*` among them stands for every value. */
export function readItems(reader: Reader, where: string): readonly string[]
export function readItems(reader: Reader, where: string, star: "withStar"): readonly string[] | "*"
export function readItems(reader: Reader, where: string, star?: "withStar"): readonly string[] | "*" {
  reader.expect("(", where)
  const items: string[] = []
  let every = false
  while (!reader.is(")")) {
    if (star !== undefined && reader.skip("*")) every = true
    else items.push(reader.compound("an argument"))
    if (items.length > QUERY_LIMITS.itemsMax) {
      throw reader.refuse(`more than ${QUERY_LIMITS.itemsMax} arguments`, reader.token, "query.tooLarge")
    }
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" after an argument`)
  }
  reader.next()
  return every ? "*" : items
}
