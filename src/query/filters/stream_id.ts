import { textSql } from "../column.ts"
import { formatQuery } from "../print.ts"
import type { Reader } from "../reader.ts"
import { fieldValue } from "../row.ts"
import { FALSE, listSql, sql } from "../sql.ts"
import type { Filter, Leaf } from "../tree.ts"
import { readValues } from "./values.ts"

const STREAM_ID = /^([0-9a-f]{32}|[0-9a-f]{48})$/

/** `_stream_id:…` and `_stream_id:in(…)`: the name a row gives its stream, for programs; people write `{cluster="…"}`. */
export function readStreamId(reader: Reader): Filter {
  if (!reader.is("in")) {
    const id = readId(reader)
    return streamIdLeaf(id, [id])
  }
  const start = reader.token
  const values = readValues(reader, "in")
  if (values.kind === "all") return { kind: "all" }
  if (values.kind === "query") {
    return { ...streamIdLeaf(`in(${formatQuery(values.query)})`, []), subquery: values.query }
  }
  if (!values.items.every((item) => STREAM_ID.test(item))) throw reader.refuse("expected stream ids", start)
  return streamIdLeaf(`in(${values.items.join(",")})`, values.items)
}

function readId(reader: Reader): string {
  const start = reader.token
  const id = reader.compound("a stream id")
  if (!STREAM_ID.test(id)) throw reader.refuse("expected a stream id, 48 hexadecimal digits", start)
  return id
}

function streamIdLeaf(text: string, ids: readonly string[]): Leaf {
  return {
    kind: "leaf",
    word: "_stream_id",
    fields: ["_stream_id"],
    print: () => `_stream_id:${text}`,
    matches: (row) => ids.includes(fieldValue(row, "_stream_id")),
    where: (columns) =>
      ids.length === 0 ? FALSE : sql`${textSql(columns.find("_stream_id"))} IN ${listSql(ids)}`,
  }
}
