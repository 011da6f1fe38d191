import { quote, quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { compileRegexp, escapeRegexp } from "../regexp.ts"
import { fieldValue, type Row } from "../row.ts"
import { andSql, listSql, notSql, orSql, sql } from "../sql.ts"
import type { Filter, Leaf, Scene } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import { readItems } from "./arguments.ts"
import { exactFilter } from "./exact.ts"
import { compileAt } from "./regexp.ts"

/**
 * `{cluster="prod-1", kind=~"k8s.*"}`: the streams a record belongs to. Our labels are cluster, source and kind; others
 * are absent. "," is "and"; "or" separates alternatives. Regular expressions match the whole label.
 */
export type Matcher = {
  readonly label: string
  readonly text: string
  readonly negative: boolean
  readonly filter: Leaf
}

export function readStream(reader: Reader): StreamLeaf {
  reader.expect("{", "before the stream's labels")
  const alternatives: Matcher[][] = [[]]
  while (!reader.is("}")) {
    alternatives.at(-1)?.push(readMatcher(reader))
    if (reader.skip("or")) alternatives.push([])
    else if (!reader.skip(",") && !reader.is("}"))
      throw reader.refuse(`expected ",", "or" or "}" after a label`)
    if (reader.is("}") && alternatives.length > 1 && alternatives.at(-1)?.length === 0) {
      throw reader.refuse(`expected a label after "or"`)
    }
  }
  reader.next()
  return streamLeaf(alternatives)
}

export interface StreamLeaf extends Leaf {
  readonly alternatives: readonly (readonly Matcher[])[]
}

export function isStreamLeaf(filter: Filter): filter is StreamLeaf {
  return filter.kind === "leaf" && "alternatives" in filter
}

export function streamLeaf(alternatives: readonly (readonly Matcher[])[]): StreamLeaf {
  const labels = new Set(alternatives.flat().map((matcher) => matcher.label))
  const text = alternatives.map((matchers) => matchers.map((matcher) => matcher.text).join(",")).join(" or ")
  const holds = (matcher: Matcher, row: Row, scene: Scene) =>
    matcher.filter.matches(row, scene) !== matcher.negative
  return {
    kind: "leaf",
    word: "_stream",
    fields: labels.size === 0 ? [] : [...labels, "_stream"],
    alternatives,
    print: () => `{${text}}`,
    // Rows that pipes made belong to no stream: not even to one without a label.
    matches: (row, scene) =>
      (labels.size === 0 || fieldValue(row, "_stream") !== "") &&
      alternatives.some((matchers) => matchers.every((matcher) => holds(matcher, row, scene))),
    where: (columns, scene) =>
      orSql(
        alternatives.map((matchers) =>
          andSql(
            matchers.map(({ filter, negative }) => {
              const where = filter.where(columns, scene)
              return negative ? notSql(where) : where
            }),
          ),
        ),
      ),
  }
}

/** Where an unquoted label or value ends, besides at white space. */
const STOPS = [
  "",
  "=",
  "!=",
  "=~",
  "!~",
  "!",
  "~",
  "<",
  ">",
  ",",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  "|",
  "*",
  '"',
  "'",
  "`",
]

/** A label or its value: a string, or what stands there without white space, as in `prod-1/apiserver`. */
function readName(reader: Reader, what: string): string {
  if (!reader.token.quoted && STOPS.includes(reader.token.text)) throw reader.refuse(`expected ${what}`)
  const first = reader.next()
  let name = first.text
  while (!first.quoted && !reader.token.quoted && !reader.token.spaced && !STOPS.includes(reader.token.text))
    name += reader.next().text
  return name
}

function readMatcher(reader: Reader): Matcher {
  const label = readName(reader, "a label")
  if (label === "") throw reader.refuse("expected a label")
  const name = quoteIfNeeded(label)
  const operator = reader.token
  if (reader.skip("in", "not_in")) {
    const read = readItems(reader, "after in")
    // None of them is a label that is not there: so says VictoriaLogs.
    const items = read.length === 0 ? [""] : read
    const word = operator.text.toLowerCase()
    return {
      label,
      // As VictoriaLogs prints it.
      text: `${name}${word === "in" ? "=~" : "!~"}${quote(items.map(escapeRegexp).join("|"))}`,
      negative: word === "not_in",
      filter: valueLeaf(label, {
        word: "in",
        text: "",
        test: (value) => items.includes(value),
        sql: (value) => sql`${value} IN ${listSql(items)}`,
      }),
    }
  }
  if (!reader.skip("=", "!=", "=~", "!~"))
    throw reader.refuse(`expected =, !=, =~, !~ or in(…) after a label`)
  const start = reader.token
  const value = readName(reader, "a value for the label")
  const negative = operator.text.startsWith("!")
  const text = `${name}${operator.text}${quote(value)}`
  if (!operator.text.endsWith("~")) return { label, text, negative, filter: exactFilter(label, value) }
  const source = `^(?:${value})$`
  const compiled = compileAt(reader, source, start, compileRegexp)
  return {
    label,
    text,
    negative,
    filter: valueLeaf(label, {
      word: "=~",
      text: "",
      test: (value) => compiled.test(value),
      sql: (value) => sql`regexp_matches(${value}, ${compiled.re2})`,
    }),
  }
}
