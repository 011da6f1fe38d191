import { assert } from "../base/assert.ts"

/** What a parameter can be. Lists are written as that many parameters. */
export type SqlValue = string | number | bigint | boolean

/** Where a value stands in the text: a character that no text of ours holds, while `?` may stand in a constant. */
const PLACE = "\0"

/** SQL text with a place for each value, in order. Made only by {@link sql}: no text of a query ever becomes SQL text. */
export type Sql = { readonly text: string; readonly values: readonly SqlValue[] }

/**
 * Joins pieces: `Sql` is put in as it is, everything else becomes a parameter.
 *
 *     sql`contains(${ident("verb")}, ${word})` // contains("verb", $1) with [word]
 */
export function sql(texts: TemplateStringsArray, ...parts: readonly (Sql | SqlValue)[]): Sql {
  let text = texts[0] ?? ""
  const values: SqlValue[] = []
  parts.forEach((part, i) => {
    if (typeof part === "object") {
      text += part.text
      for (const value of part.values) values.push(value)
    } else {
      text += PLACE
      values.push(part)
    }
    text += texts[i + 1] ?? ""
  })
  return { text, values }
}

/** SQL text of ours: constants and expressions of the column catalogue, never a part of a query. */
export function trusted(text: string): Sql {
  assert(!text.includes(PLACE), "a constant has no places for values")
  return { text, values: [] }
}

/** A quoted identifier. */
export function ident(name: string): Sql {
  return trusted(`"${name.replaceAll('"', '""')}"`)
}

export function joinSql(parts: readonly Sql[], separator: string): Sql {
  const values: SqlValue[] = []
  for (const part of parts) for (const value of part.values) values.push(value)
  return { text: parts.map((part) => part.text).join(separator), values }
}

/** `(a, b, c)` as parameters. */
export function listSql(values: readonly SqlValue[]): Sql {
  return { text: `(${values.map(() => PLACE).join(", ")})`, values }
}

/** Texts as one VARCHAR[]: a single parameter, however many they are. */
export function textsSql(values: readonly string[]): Sql {
  return sql`from_json(${JSON.stringify(values)}, '["VARCHAR"]')`
}

export const TRUE = trusted("TRUE")
export const FALSE = trusted("FALSE")

export function andSql(parts: readonly Sql[]): Sql {
  const useful = parts.filter((part) => part.text !== "TRUE")
  if (useful.some((part) => part.text === "FALSE")) return FALSE
  if (useful.length <= 1) return useful[0] ?? TRUE
  return sql`(${joinSql(useful, " AND ")})`
}

export function orSql(parts: readonly Sql[]): Sql {
  const useful = parts.filter((part) => part.text !== "FALSE")
  if (useful.some((part) => part.text === "TRUE")) return TRUE
  if (useful.length <= 1) return useful[0] ?? FALSE
  return sql`(${joinSql(useful, " OR ")})`
}

/** Negation where NULL counts as false: two-valued, so that absent fields behave as LogsQL says. */
export function notSql(part: Sql): Sql {
  if (part.text === "TRUE") return FALSE
  if (part.text === "FALSE") return TRUE
  return sql`((${part}) IS NOT TRUE)`
}

/**
 * The statement as DuckDB takes it: `$1`, `$2`, …, equal values once, so that it sees equal expressions as equal and
 * computes them once.
 */
export function toStatement(part: Sql): { readonly text: string; readonly values: readonly SqlValue[] } {
  const places = new Map<SqlValue, number>()
  let at = 0
  const text = part.text.replaceAll(PLACE, () => {
    const value = part.values[at++]
    assert(value !== undefined, "a value for each place")
    const place = places.get(value) ?? places.size + 1
    places.set(value, place)
    return `$${place}`
  })
  assert(at === part.values.length, "a place for each value")
  return { text, values: [...places.keys()] }
}
