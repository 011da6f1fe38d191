import { parseDuration } from "../number.ts"
import type { PipeWord } from "../word.ts"
import { formatNanos, parseNanos } from "../nanos.ts"
import { changePipe } from "./change.ts"
import { printSource, readField } from "./read.ts"

/** `| time_add 1h at a`: moves a time, `_time` by default; values that are no times stay. */
export const timeAdd: PipeWord = {
  word: "time_add",
  example: `verb:create | time_add -1h | fields _time, user.username`,
  parse(reader) {
    reader.next()
    const start = reader.token
    const text = reader.compound("a duration")
    const nanos = parseDuration(text)
    if (nanos === undefined) throw reader.refuse("expected a duration like 1h or -5m", start)
    const field = reader.skip("at") ? readField(reader) : "_time"
    const step = BigInt(Math.round(nanos))
    return changePipe({
      word: "time_add",
      text: ` ${text}${field === "_time" ? "" : printSource("at", field) || " at _msg"}`,
      field,
      change: (value) => {
        const time = parseNanos(value)
        return time === undefined ? value : formatNanos(time + step)
      },
    })
  },
}
