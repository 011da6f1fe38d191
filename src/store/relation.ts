import { columnList, ident } from "./columns.ts"
import { quote } from "./duckdb.ts"

/** Where rows are: segment files, and tables of records that are in none. */
export type RelationParts = {
  readonly files: readonly string[]
  readonly tables: readonly string[]
  /** Of the tables only records from here on: the others are in `files`. */
  readonly tablesFrom?: number
}

/**
 * What a query reads FROM: one relation with COLUMNS, files and tables in the order given. Filters and the
 * choice of columns reach the files. Folder names are not columns; no file is opened that is not named.
 */
export function relationSql({ files, tables, tablesFrom }: RelationParts): string {
  const parts: string[] = []
  if (files.length > 0) {
    const list = files.map(quote).join(", ")
    parts.push(`SELECT ${columnList()} FROM read_parquet([${list}], hive_partitioning = false)`)
  }
  const where = tablesFrom === undefined ? "" : ` WHERE "record" >= ${Math.trunc(tablesFrom)}`
  for (const table of tables) parts.push(`SELECT ${columnList()} FROM ${ident(table)}${where}`)
  return `(${parts.join(" UNION ALL ")})`
}
