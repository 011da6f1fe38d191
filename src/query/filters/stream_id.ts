import { Refusal } from "../../base/refusal.ts"
import { formatQuery } from "../print.ts"
import type { Reader } from "../reader.ts"
import { fieldValue } from "../row.ts"
import type { Filter } from "../tree.ts"
import { readValues } from "./values.ts"

const STREAM_ID = /^([0-9a-f]{32}|[0-9a-f]{48})$/

/** `_stream_id:…` and `_stream_id:in(…)`: numbers VictoriaLogs gives to streams. Ours have none: use `{cluster="…"}`. */
export function readStreamId(reader: Reader): Filter {
  if (!reader.is("in")) {
    const id = readId(reader)
    return streamIdLeaf(id, [id])
  }
  const start = reader.token
  const values = readValues(reader, "in")
  if (values.kind === "all") return { kind: "all" }
  if (values.kind === "query") return streamIdLeaf(`in(${formatQuery(values.query)})`, [])
  if (!values.items.every((item) => STREAM_ID.test(item))) throw reader.refuse("expected stream ids", start)
  return streamIdLeaf(`in(${values.items.join(",")})`, values.items)
}

function readId(reader: Reader): string {
  const start = reader.token
  const id = reader.compound("a stream id")
  if (!STREAM_ID.test(id)) throw reader.refuse("expected a stream id, 48 hexadecimal digits", start)
  return id
}

function streamIdLeaf(text: string, ids: readonly string[]): Filter {
  return {
    kind: "leaf",
    word: "_stream_id",
    fields: ["_stream_id"],
    print: () => `_stream_id:${text}`,
    matches: (row) => ids.includes(fieldValue(row, "_stream_id")),
    where: () => {
      throw new Refusal(
        "query.unsupported",
        `streams have no ids here; use {cluster="…", source="…", kind="…"}`,
      )
    },
  }
}
