import { type Column, textSql } from "../column.ts"
import { compareQuantities, quantitySql } from "../quantity.ts"
import { printField } from "../quote.ts"
import { fieldValue } from "../row.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import { fieldOr, fieldPrefix, isAnyField } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/** `a:eq_field(b)`: two fields of the row have the same value. */
export const eqField: FilterWord = compareFields(
  "eq_field",
  `user.username:eq_field(impersonatedUser.username)`,
)
/** `a:lt_field(b)`: the first is less: as numbers where both are, else as texts. */
export const ltField: FilterWord = compareFields(
  "lt_field",
  `requestReceivedTimestamp:lt_field(stageTimestamp)`,
)
/** `a:le_field(b)`: less or equal. */
export const leField: FilterWord = compareFields(
  "le_field",
  `requestReceivedTimestamp:le_field(stageTimestamp)`,
)

function compareFields(word: "eq_field" | "lt_field" | "le_field", example: string): FilterWord {
  return {
    word,
    example,
    parse(reader, field) {
      if (isAnyField(field)) throw reader.unsupported(`${word}() on any field`)
      const [other = ""] = readArguments(reader, { min: 1, max: 1 })
      const left = fieldOr(field)
      return {
        kind: "leaf",
        word,
        fields: [left, fieldOr(other)],
        print: () => `${fieldPrefix(left)}${word}(${printField(other)})`,
        matches: (row) => {
          const [a, b] = [fieldValue(row, left), fieldValue(row, fieldOr(other))]
          if (word === "eq_field") return a === b
          return word === "lt_field" ? compareQuantities(a, b) < 0 : compareQuantities(a, b) <= 0
        },
        where: (columns) => comparison(word, columns.find(left), columns.find(fieldOr(other))),
      }
    },
  }
}

function comparison(word: "eq_field" | "lt_field" | "le_field", left: Column, right: Column): Sql {
  const [a, b] = [presentText(left), presentText(right)]
  if (word === "eq_field") return sql`${a} = ${b}`
  const operator = word === "lt_field" ? trusted("<") : trusted("<=")
  const [x, y] = [quantitySql(a), quantitySql(b)]
  const numbers = sql`(${x} IS NOT NULL AND ${y} IS NOT NULL)`
  return sql`CASE WHEN ${numbers} THEN ${x} ${operator} ${y} ELSE ${a} ${operator} ${b} END`
}

function presentText(column: Column): Sql {
  return sql`coalesce(${textSql(column)}, '')`
}
