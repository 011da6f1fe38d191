import { Refusal } from "../../base/refusal.ts"
import { formatQuery } from "../print.ts"
import { quoteIfNeeded } from "../quote.ts"
import { FALSE, listSql, type Sql, sql, TRUE, textsSql } from "../sql.ts"
import type { Filter, Leaf } from "../tree.ts"
import { fieldOr, fieldPrefix, type ValueTest, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { isInteger } from "./exact.ts"
import { containsAllPhrases, containsAnyPhrase, phraseTest } from "./phrase.ts"
import { readValues, type Values } from "./values.ts"

/** `field:in(a, b)`: the value is one of these. */
export const inFilter: FilterWord = listWord("in", `verb:in(create, update, patch)`)

/** `field:contains_any(a, "b c")`: one of the phrases stands in the value. */
export const containsAny: FilterWord = listWord(
  "contains_any",
  `responseStatus.message:contains_any(forbidden, denied)`,
)

/** `field:contains_all(a, "b c")`: every one of the phrases stands in the value. */
export const containsAll: FilterWord = listWord("contains_all", `userAgent:contains_all(kubectl, linux)`)

type Word = "in" | "contains_any" | "contains_all"

const TESTS: Readonly<Record<Word, (items: readonly string[]) => Omit<ValueTest, "word" | "text">>> = {
  in: inTest,
  contains_any: anyTest,
  contains_all: allTest,
}

function listWord(word: Word, example: string): FilterWord {
  return {
    word,
    example,
    parse(reader, field) {
      const values = readValues(reader, word)
      if (values.kind === "all") return { kind: "all" }
      return values.kind === "items"
        ? listFilter(word, field, values.items)
        : queryFilter(word, field, values)
    },
  }
}

export function listFilter(word: Word, field: string | undefined, items: readonly string[]): Leaf {
  const text = `${word}(${items.map(quoteIfNeeded).join(",")})`
  return valueLeaf(field, { word, text, ...TESTS[word](items) })
}

export function queryFilter(
  word: Word,
  field: string | undefined,
  { query, field: column }: Extract<Values, { kind: "query" }>,
  answered = (values: readonly string[]): Filter => listFilter(word, field, values),
): Leaf {
  const name = fieldOr(field)
  const unanswered = (): never => {
    throw new Refusal("query.unsupported", `a query inside ${word}(…) cannot be run in this place`)
  }
  return {
    kind: "leaf",
    word,
    fields: [name],
    print: () => `${fieldPrefix(name)}${word}(${formatQuery(query)})`,
    matches: unanswered,
    where: unanswered,
    subquery: { query, field: column, answered },
  }
}

export function inTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  const wanted = new Set(items)
  const integers = items.filter(isInteger).map((item) => BigInt(item))
  return {
    test: (value) => wanted.has(value),
    sql: (value) => isOneOf(value, items),
    element: (column) => sql`list_has_any(${column}, ${textsSql(items)})`,
    integer: (column) => (integers.length === 0 ? FALSE : sql`${column} IN ${listSql(integers)}`),
    exactly: items,
  }
}

/** More are one parameter, joined as a table. */
const LISTED_MAX = 100

export function isOneOf(value: Sql, items: readonly string[]): Sql {
  if (items.length === 0) return FALSE
  if (items.length <= LISTED_MAX) return sql`${value} IN ${listSql(items)}`
  return sql`${value} IN (SELECT unnest(${textsSql(items)}))`
}

function anyTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  // The empty phrase stands in everything here; alone in a filter it means "is empty".
  if (items.includes("")) return { test: () => true, sql: () => TRUE }
  const tests = items.map(phraseTest)
  return {
    test: (value) => tests.some((test) => test.test(value)),
    sql: (value) => (items.length === 0 ? FALSE : containsAnyPhrase(value, items)),
  }
}

function allTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  const phrases = items.filter((item) => item !== "")
  const tests = phrases.map(phraseTest)
  return {
    test: (value) => tests.every((test) => test.test(value)),
    sql: (value) => containsAllPhrases(value, phrases),
  }
}
