import type { Reader } from "../reader.ts"
import type { Filter, Leaf } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import { inTest, queryFilter } from "./in.ts"
import { readValues } from "./values.ts"

const STREAM_ID = /^([0-9a-f]{32}|[0-9a-f]{48})$/

/** `_stream_id:…` and `_stream_id:in(…)`: the stream whose number this is; `{cluster="…"}` is easier to read. */
export function readStreamId(reader: Reader): Filter {
  if (!reader.is("in")) {
    const id = readId(reader)
    return streamIdFilter(id, [id])
  }
  const start = reader.token
  const values = readValues(reader, "in")
  if (values.kind === "all") return { kind: "all" }
  if (values.kind === "query") {
    const answered = (ids: readonly string[]) => streamIdFilter(`in(${ids.join(",")})`, ids)
    return queryFilter("in", "_stream_id", values, answered)
  }
  const ids = values.items.map((item) => item.toLowerCase())
  if (!ids.every((item) => STREAM_ID.test(item))) throw reader.refuse("expected stream ids", start)
  return streamIdFilter(`in(${ids.join(",")})`, ids)
}

function readId(reader: Reader): string {
  const start = reader.token
  const id = reader.compound("a stream id").toLowerCase()
  if (!STREAM_ID.test(id)) throw reader.refuse("expected a stream id, 48 hexadecimal digits", start)
  return id
}

function streamIdFilter(text: string, ids: readonly string[]): Leaf {
  return valueLeaf("_stream_id", { word: "_stream_id", text, ...inTest(ids) })
}
