import { Bug } from "../base/assert.ts"
import { type Column, type Columns, isOfEvent, textSql } from "./column.ts"
import { printField, printFieldPattern } from "./quote.ts"
import { textsOf } from "./row.ts"
import { FALSE, orSql, type Sql, sql, TRUE, trusted } from "./sql.ts"
import type { Leaf } from "./tree.ts"

/** What a filter says of one value, in JavaScript and in SQL. Both must agree for every text. */
export type ValueTest = {
  readonly word: string
  /** What stands behind `field:`. */
  readonly text: string
  /** "" stands for an absent field. */
  test(value: string): boolean
  /** On a VARCHAR expression that may be NULL; NULL counts as false. Called with non-empty texts in mind: absence is handled outside. */
  sql(value: Sql): Sql
  /** On a BIGINT column, where that is simpler than on its text. */
  integer?(column: Sql): Sql
  /** On a TIMESTAMP column, where that is simpler than on its text. */
  time?(column: Sql): Sql
  /** On a VARCHAR[] column: whether an element matches, where that is simpler than a lambda. */
  element?(column: Sql): Sql
  readonly exactly?: readonly string[]
  readonly says?: Leaf["says"]
}

/** What no value passes. */
export const NOTHING: Pick<ValueTest, "test" | "sql"> = { test: () => false, sql: () => FALSE }

/** Stands before what the names of fields begin with. Texts of queries are well-formed: no field is called so. */
const ANY = "\ud800"

/** In place of a field's name: every field of the event whose name begins so. */
export function anyField(prefix: string): string {
  return ANY + prefix
}

export function isAnyField(field: string | undefined): boolean {
  return field?.startsWith(ANY) === true
}

/** The field's name before a filter's text: nothing for `_msg`. */
export function fieldPrefix(field: string): string {
  if (isAnyField(field)) return `${printFieldPattern(`${field.slice(ANY.length)}*`)}:`
  return field === "_msg" ? "" : `${printField(field)}:`
}

/** The field a filter is about: the message, where none is named. */
export function fieldOr(field: string | undefined): string {
  return field === undefined || field === "" ? "_msg" : field
}

export function valueLeaf(field: string | undefined, test: ValueTest): Leaf {
  const name = fieldOr(field)
  if (isAnyField(name)) return anyFieldLeaf(name, test)
  return {
    kind: "leaf",
    word: test.word,
    fields: [name],
    print: () => fieldPrefix(name) + test.text,
    matches: (row) => textsOf(row, name).some((value) => test.test(value)),
    where: (columns) => whereValue(columns, name, test),
    ...(test.exactly === undefined ? {} : { exactly: test.exactly }),
    ...(test.says === undefined ? {} : { says: test.says }),
  }
}

/**
 * Only in memory: names of fields inside bodies are not known before a body is read. How a record was delivered is not
 * looked at, so that two deliveries of one event always match alike.
 */
function anyFieldLeaf(name: string, test: ValueTest): Leaf {
  const prefix = name.slice(ANY.length)
  const isMeant = (field: string) => field.startsWith(prefix) && isOfEvent(field)
  return {
    kind: "leaf",
    word: test.word,
    fields: ["*"],
    print: () => fieldPrefix(name) + test.text,
    // An absent field is an empty one, and some field is always absent.
    matches: (row) =>
      test.test("") ||
      Object.keys(row).some(
        (field) => isMeant(field) && textsOf(row, field).some((value) => test.test(value)),
      ),
    where: () => {
      throw new Bug("a filter on any field has no SQL; coarse.ts leaves it out")
    },
    onlyInMemory: true,
  }
}

function whereValue(columns: Columns, field: string, test: ValueTest): Sql {
  const column = columns.find(field)
  const whenAbsent = test.test("")
  if (column.kind === "absent") return whenAbsent ? TRUE : FALSE
  const matches = whereColumn(column, test)
  if (!whenAbsent) return matches
  return orSql([sql`coalesce(${textSql(column)}, '') = ''`, matches])
}

function whereColumn(column: Exclude<Column, { kind: "absent" }>, test: ValueTest): Sql {
  switch (column.kind) {
    case "integer":
      return test.integer === undefined ? test.sql(textSql(column)) : test.integer(column.column)
    case "list": {
      const element =
        test.element === undefined
          ? sql`list_bool_or(list_transform(${column.column}, lambda element: ${test.sql(elementName)}))`
          : test.element(column.column)
      return orSql([element, test.sql(textSql(column))])
    }
    case "json":
    case "text":
      return test.sql(column.text)
    case "time":
      return test.time === undefined ? test.sql(textSql(column)) : test.time(column.column)
  }
}

const elementName = trusted("element")
