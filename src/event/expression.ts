/**
 * Text made of fields, as data: `evaluate` computes it here, `formatExpression` says the same in SQL, so that
 * the two cannot drift apart. Every expression is a text; what is absent is the empty text.
 */
export type Expression =
  | string
  /** A field of the catalogue; with `key` one entry of a map. Integers in decimal. */
  | { readonly field: string; readonly key?: string }
  | { readonly concat: readonly Expression[] }
  /** The first that is not empty. */
  | { readonly first: readonly Expression[] }
  | {
      readonly cases: readonly (readonly [when: Condition, then: Expression])[]
      readonly otherwise: Expression
    }
  /** What a table says of it; the text itself where the table says nothing. */
  | { readonly lookup: Expression; readonly table: Readonly<Record<string, string>> }
  | { readonly upper: Expression }
  /** Up to the first `?`. */
  | { readonly path: Expression }
  /** On one line: line breaks become spaces. */
  | { readonly line: Expression }
  /** In single quotes; backslash, quote and line breaks in it are escaped with a backslash. */
  | { readonly quote: Expression }

/** All of `all` hold; the text is one of `among`, contains `has`; the integer field is at least `min`. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly of: Expression; readonly among: readonly string[] }
  | { readonly of: Expression; readonly has: string }
  | { readonly same: readonly [Expression, Expression] }
  | { readonly integer: string; readonly min: number }

/** What an expression reads: texts, integers and maps of texts by names of the catalogue. */
export type Fields = Readonly<Record<string, unknown>>

export function evaluate(expression: Expression, fields: Fields): string {
  if (typeof expression === "string") return expression
  if ("field" in expression) return readText(fields, expression.field, expression.key)
  if ("concat" in expression) return expression.concat.map((part) => evaluate(part, fields)).join("")
  if ("first" in expression) {
    for (const candidate of expression.first) {
      const text = evaluate(candidate, fields)
      if (text !== "") return text
    }
    return ""
  }
  if ("cases" in expression) {
    const found = expression.cases.find(([when]) => holds(when, fields))
    return evaluate(found?.[1] ?? expression.otherwise, fields)
  }
  if ("lookup" in expression) {
    const text = evaluate(expression.lookup, fields)
    return Object.hasOwn(expression.table, text) ? (expression.table[text] ?? text) : text
  }
  if ("upper" in expression) return evaluate(expression.upper, fields).toUpperCase()
  if ("path" in expression) return evaluate(expression.path, fields).split("?", 1)[0] ?? ""
  if ("line" in expression)
    return evaluate(expression.line, fields).replaceAll("\n", " ").replaceAll("\r", " ")
  return `'${ESCAPES.reduce((text, [from, to]) => text.replaceAll(from, to), evaluate(expression.quote, fields))}'`
}

/** In this order: the backslash first. */
const ESCAPES: readonly (readonly [from: string, to: string])[] = [
  ["\\", "\\\\"],
  ["'", "\\'"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]

function holds(condition: Condition, fields: Fields): boolean {
  if ("all" in condition) return condition.all.every((each) => holds(each, fields))
  if ("among" in condition) return condition.among.includes(evaluate(condition.of, fields))
  if ("has" in condition) return evaluate(condition.of, fields).includes(condition.has)
  if ("same" in condition) return evaluate(condition.same[0], fields) === evaluate(condition.same[1], fields)
  const value = fields[condition.integer]
  return typeof value === "number" && value >= condition.min
}

function readText(fields: Fields, name: string, key: string | undefined): string {
  const value = fields[name]
  if (key !== undefined) {
    const isMap = typeof value === "object" && value !== null && Object.hasOwn(value, key)
    const entry: unknown = isMap ? (value as Fields)[key] : undefined
    return typeof entry === "string" ? entry : ""
  }
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : ""
}

/**
 * SQL for a column of the catalogue: `"user.username"`; of an entry of a map: `"annotations"['a']`. May be
 * NULL.
 */
export type ColumnSql = (field: string, key?: string) => string

/**
 * The expression in SQL (DuckDB; also PostgreSQL but for `contains`). Never NULL. Literals are quoted by
 * doubling quotes, so nothing in the tables can end one; line breaks are chr(10) and chr(13).
 */
export function formatExpression(expression: Expression, column: ColumnSql): string {
  const sql = (inner: Expression) => formatExpression(inner, column)
  if (typeof expression === "string") return literal(expression)
  if ("field" in expression)
    return `coalesce(cast(${column(expression.field, expression.key)} as varchar), '')`
  if ("concat" in expression) return `(${expression.concat.map(sql).join(" || ")})`
  if ("first" in expression)
    return `coalesce(${expression.first.map((each) => `nullif(${sql(each)}, '')`).join(", ")}, '')`
  if ("cases" in expression) {
    const cases = expression.cases.map(
      ([when, then]) => `when ${formatCondition(when, column)} then ${sql(then)}`,
    )
    return `(case ${cases.join(" ")} else ${sql(expression.otherwise)} end)`
  }
  if ("lookup" in expression) {
    const text = sql(expression.lookup)
    const rows = Object.entries(expression.table).map(
      ([from, to]) => `when ${literal(from)} then ${literal(to)}`,
    )
    return `(case ${text} ${rows.join(" ")} else ${text} end)`
  }
  if ("upper" in expression) return `upper(${sql(expression.upper)})`
  if ("path" in expression) return `split_part(${sql(expression.path)}, '?', 1)`
  if ("line" in expression) return `replace(replace(${sql(expression.line)}, chr(10), ' '), chr(13), ' ')`
  const escaped = ESCAPES.reduce(
    (text, [from, to]) => `replace(${text}, ${literal(from)}, ${literal(to)})`,
    sql(expression.quote),
  )
  return `('''' || ${escaped} || '''')`
}

function formatCondition(condition: Condition, column: ColumnSql): string {
  const sql = (inner: Expression) => formatExpression(inner, column)
  if ("all" in condition)
    return `(${condition.all.map((each) => formatCondition(each, column)).join(" and ")})`
  if ("among" in condition) return `${sql(condition.of)} in (${condition.among.map(literal).join(", ")})`
  if ("has" in condition) return `contains(${sql(condition.of)}, ${literal(condition.has)})`
  if ("same" in condition) return `${sql(condition.same[0])} = ${sql(condition.same[1])}`
  return `coalesce(${column(condition.integer)} >= ${condition.min}, false)`
}

function literal(text: string): string {
  if (text === "\n") return "chr(10)"
  if (text === "\r") return "chr(13)"
  return `'${text.replaceAll("'", "''")}'`
}
