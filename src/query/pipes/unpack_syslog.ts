import type { Micros } from "../../base/time.ts"
import { parseDuration } from "../number.ts"
import type { Reader } from "../reader.ts"
import { parseSyslog } from "../syslog.ts"
import type { PipeWord } from "../word.ts"
import { readCondition } from "./read.ts"
import { readPrefix, readUnpackSource, unpackPipe } from "./unpack.ts"

const OPTIONS = ["offset", "result_prefix", "keep_original_fields"]

/** `| unpack_syslog from a offset 2h result_prefix p`: a line of syslog (RFC 3164, RFC 5424, CEF) becomes fields. */
export const unpackSyslog: PipeWord = {
  word: "unpack_syslog",
  example: `kind:=log | unpack_syslog | top by (app_name, level)`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const from = readUnpackSource(reader, OPTIONS)
    const offset = reader.skip("offset") ? readOffset(reader) : undefined
    return unpackPipe({
      word: "unpack_syslog",
      when,
      from,
      patterns: [],
      ...(offset === undefined ? {} : { options: ` offset ${offset.text}` }),
      prefix: readPrefix(reader),
      overwrite: reader.skip("keep_original_fields") ? "keepOriginal" : "always",
      find: (value, { clock }) => parseSyslog(value, { now: clock, offset: offset?.micros ?? 0 }),
    })
  },
}

function readOffset(reader: Reader): { readonly text: string; readonly micros: Micros } {
  const start = reader.token
  const text = reader.compound("a duration")
  const nanos = parseDuration(text)
  if (nanos === undefined) throw reader.refuse("expected a duration like 5h30m", start)
  return { text, micros: Math.round(nanos / 1000) }
}
