import { formatQuery } from "../print.ts"
import { quoteIfNeeded } from "../quote.ts"
import { andSql, FALSE, listSql, orSql, type Sql, sql } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { fieldOr, fieldPrefix, type ValueTest, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { isInteger } from "./exact.ts"
import { phraseTest } from "./phrase.ts"
import { readValues } from "./values.ts"

/** `field:in(a, b)`: the value is one of these. */
export const inFilter: FilterWord = {
  word: "in",
  example: `verb:in(create, update, patch)`,
  parse: (reader, field) => listFilter("in", field, readValues(reader, "in"), inTest),
}

/** `field:contains_any(a, "b c")`: one of the phrases stands in the value. */
export const containsAny: FilterWord = {
  word: "contains_any",
  example: `responseStatus.message:contains_any(forbidden, denied)`,
  parse: (reader, field) => listFilter("contains_any", field, readValues(reader, "contains_any"), anyTest),
}

/** `field:contains_all(a, "b c")`: every one of the phrases stands in the value. */
export const containsAll: FilterWord = {
  word: "contains_all",
  example: `userAgent:contains_all(kubectl, linux)`,
  parse: (reader, field) => listFilter("contains_all", field, readValues(reader, "contains_all"), allTest),
}

function listFilter(
  word: string,
  field: string | undefined,
  values: ReturnType<typeof readValues>,
  makeTest: (items: readonly string[]) => Omit<ValueTest, "word" | "text">,
): Filter {
  if (values.kind === "all") return { kind: "all" }
  if (values.kind === "items") {
    const text = `${word}(${values.items.map(quoteIfNeeded).join(",")})`
    return valueLeaf(field, { word, text, ...makeTest(values.items) })
  }
  const name = fieldOr(field)
  const { query } = values
  const unanswered = (): never => {
    throw new Error("a subquery is answered before it is used")
  }
  return {
    kind: "leaf",
    word,
    fields: [name],
    print: () => `${fieldPrefix(name)}${word}(${formatQuery(query)})`,
    matches: unanswered,
    where: unanswered,
    subquery: query,
  }
}

function inTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  const wanted = new Set(items)
  const integers = items.filter(isInteger).map((item) => BigInt(item))
  return {
    test: (value) => wanted.has(value),
    sql: (value) => (items.length === 0 ? FALSE : sql`${value} IN ${listSql(items)}`),
    integer: (column) => (integers.length === 0 ? FALSE : sql`${column} IN ${listSql(integers)}`),
    exactly: items,
  }
}

function anyTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  const tests = items.map(phraseTest)
  return {
    test: (value) => tests.some((test) => test.test(value)),
    sql: (value) => orSql(tests.map((test) => test.sql(value))),
  }
}

function allTest(items: readonly string[]): Omit<ValueTest, "word" | "text"> {
  // The empty phrase stands in everything here; alone in a filter it means "is empty".
  const tests = items.filter((item) => item !== "").map(phraseTest)
  return {
    test: (value) => tests.every((test) => test.test(value)),
    sql: (value): Sql => andSql(tests.map((test) => test.sql(value))),
  }
}
