import { formatDuration } from "../nanos.ts"
import { parseDuration } from "../number.ts"
import type { Reader } from "../reader.ts"
import type { Row } from "../row.ts"
import type { Pipe, StreamContext } from "../tree.ts"
import type { PipeWord } from "../word.ts"

/** How far from a record its neighbours are looked for; VictoriaLogs has the same. */
const WINDOW_NANOS = 3_600_000_000_000

/**
 * `| stream_context before 2 after 5 time_window 10m`: around each record that matches, those before and after it in its
 * stream, stream by stream in the order of time, with a row `---` behind each group. Right behind the filter only.
 */
export const streamContext: PipeWord = {
  word: "stream_context",
  example: `objectRef.subresource:=exec stage:=ResponseStarted | stream_context before 2 after 5 | fields _time, _msg`,
  parse(reader) {
    reader.next()
    if (!reader.is("before", "after")) throw reader.refuse("expected before N or after N")
    const context = { before: 0, after: 0, windowNanos: WINDOW_NANOS }
    while (reader.is("before", "after", "time_window")) {
      const word = reader.next().text.toLowerCase()
      if (word === "time_window") context.windowNanos = readWindow(reader)
      else context[word === "before" ? "before" : "after"] = reader.count("a number of records")
    }
    return contextPipe(context)
  },
}

function readWindow(reader: Reader): number {
  const start = reader.token
  const nanos = parseDuration(reader.compound("a duration"))
  if (nanos === undefined || nanos < 0) throw reader.refuse("expected a duration like 10m", start)
  return nanos
}

/** With `found`, the neighbours: they take the place of the rows that matched. */
function contextPipe(context: StreamContext, found?: readonly Row[]): Pipe {
  return {
    word: "stream_context",
    print: () => printContext(context),
    needs: (after) => after,
    context,
    withRows: (rows) => contextPipe(context, rows),
    run(next) {
      // Rows given by hand have no neighbours that anybody could ask for.
      if (found === undefined) return next
      return {
        take: () => true,
        end() {
          for (const row of found) if (!next.take(row)) break
          next.end()
        },
      }
    },
  }
}

function printContext({ before, after, windowNanos }: StreamContext): string {
  const parts = ["stream_context"]
  if (before > 0) parts.push(`before ${before}`)
  if (after > 0 || before === 0) parts.push(`after ${after}`)
  if (windowNanos !== WINDOW_NANOS)
    parts.push(`time_window ${formatDuration(BigInt(Math.round(windowNanos)))}`)
  return parts.join(" ")
}
