import { joinSql, type Sql, sql, trusted } from "./sql.ts"
import type { Grouping } from "./tree.ts"

/**
 * Groups of the records that `where` keeps, every column as text. Keys become text when there are few of them: as text, a step
 * of time would be written out for every record.
 */
export function groupSql({ keys, results }: Grouping, relation: Sql, where: Sql): Sql {
  const named = [...keys, ...results].map((part, i) => sql`${part} AS ${trusted(`c${i}`)}`)
  const texts = trusted(named.map((_, i) => `CAST(c${i} AS VARCHAR)`).join(", "))
  const by = keys.length === 0 ? sql`` : trusted(`GROUP BY ${keys.map((_, i) => i + 1).join(", ")}`)
  return sql`SELECT ${texts} FROM (SELECT ${joinSql(named, ", ")} FROM ${relation} WHERE ${where} ${by})`
}
