import { Refusal } from "../base/refusal.ts"
import { formatMicros } from "../base/time.ts"
import { QUERY_LIMITS } from "../query/limits.ts"
import { formatNanos, parseNanos } from "../query/nanos.ts"
import { parseFilter, parsePipes, parseQuery } from "../query/parse.ts"
import { quote } from "../query/quote.ts"
import { fieldValue, newRow, type Row } from "../query/row.ts"
import type { Query, StreamContext } from "../query/tree.ts"
import type { AskInner } from "./subqueries.ts"

/** Records of one instant in one stream that may stand between a record and its neighbours. */
const TIES_MAX = 100

/** A row with its place in its stream. */
type Placed = { readonly row: Row; readonly nanos: bigint; readonly record: number }

/**
 * Answers `| stream_context`: finds what matches, then the neighbours of each in its stream, and puts them in the pipe's
 * place. `partial` says where only the newest matches were looked around.
 */
export async function answerContext(
  query: Query,
  ask: AskInner,
): Promise<{ readonly query: Query; readonly partial?: string }> {
  const places = query.pipes.flatMap(({ context }, at) => (context === undefined ? [] : [at]))
  const [pipe, ...rest] = query.pipes
  if (places.length === 0) return { query }
  if (places.length > 1 || pipe?.context === undefined || pipe.withRows === undefined)
    throw new Refusal("query.malformed", "| stream_context has to stand right behind the filter, once")
  checkSize(pipe.context)
  const found = await placed(ask, {
    ...query,
    pipes: parsePipes(`sort by (_time desc) limit ${MATCHES_MAX + 1}`),
  })
  const matches = found.rows.slice(0, MATCHES_MAX)
  const cut =
    found.rows.length > MATCHES_MAX
      ? `rows: stream_context looked around the newest ${MATCHES_MAX} records`
      : undefined
  const rows: Row[] = []
  for (const stream of [...new Set(matches.map(({ row }) => fieldValue(row, "_stream")))].sort()) {
    const ofStream = matches.filter(({ row }) => fieldValue(row, "_stream") === stream)
    for await (const row of contexts(ofStream.sort(inOrder), pipe.context, ask)) rows.push(row)
  }
  const partial = found.partial ?? cut
  const answered = { ...query, filter: NOTHING, pipes: [pipe.withRows(rows), ...rest] }
  return { query: answered, ...(partial === undefined ? {} : { partial }) }
}

const MATCHES_MAX = QUERY_LIMITS.contextMatchesMax
/** No record has such a number. */
const NOTHING = parseFilter("record:<0")

function checkSize({ before, after }: StreamContext): void {
  const most = QUERY_LIMITS.contextNeighboursMax
  if (Math.max(before, after) > most)
    throw new Refusal(
      "query.tooLarge",
      `| stream_context shows at most ${most} records before and after another`,
    )
}

/** The groups of one stream: a record stands in one only, and a group ends where the next match begins its own. */
async function* contexts(
  matches: readonly Placed[],
  context: StreamContext,
  ask: AskInner,
): AsyncGenerator<Row> {
  let last: Placed | undefined
  for (const [at, match] of matches.entries()) {
    const next = matches[at + 1]
    const near = [
      ...(await neighbours(match, "before", context, ask)),
      match,
      ...(await neighbours(match, "after", context, ask)),
    ]
    const group = near.filter(
      (row) =>
        (last === undefined || inOrder(last, row) < 0) && (next === undefined || inOrder(row, next) < 0),
    )
    for (const { row } of group) yield row
    last = group.at(-1) ?? last
    if (context.before + context.after > 0 && last !== undefined) yield separator(last)
  }
}

async function neighbours(
  match: Placed,
  side: "before" | "after",
  context: StreamContext,
  ask: AskInner,
): Promise<readonly Placed[]> {
  const wanted = context[side]
  if (wanted === 0) return []
  const window = BigInt(Math.round(context.windowNanos))
  const [from, to] =
    side === "before" ? [match.nanos - window, match.nanos] : [match.nanos, match.nanos + window]
  const stream = `_stream_id:${quote(fieldValue(match.row, "_stream_id"))}`
  const direction = side === "before" ? "desc" : "asc"
  const order = `sort by (_time ${direction}, record ${direction}) limit ${wanted + TIES_MAX}`
  const { rows } = await placed(
    ask,
    parseQuery(`${stream} _time:[${instant(from)}, ${instant(to)}] | ${order}`),
  )
  const near = rows.sort(inOrder)
  return side === "before"
    ? near.filter((row) => inOrder(row, match) < 0).slice(-wanted)
    : near.filter((row) => inOrder(row, match) > 0).slice(0, wanted)
}

async function placed(
  ask: AskInner,
  query: Query,
): Promise<{ readonly rows: Placed[]; readonly partial: string | undefined }> {
  const rows: Placed[] = []
  const answer = ask(query)
  for (;;) {
    const next = await answer.next()
    if (next.done === true) return { rows, partial: next.value.partial }
    for (const row of next.value) {
      const nanos = parseNanos(fieldValue(row, "_time"))
      if (nanos !== undefined) rows.push({ row, nanos, record: Number(fieldValue(row, "record")) })
    }
  }
}

function inOrder(a: Placed, b: Placed): number {
  if (a.nanos !== b.nanos) return a.nanos < b.nanos ? -1 : 1
  return a.record - b.record
}

/** With its microseconds: a time without them means the whole second. */
function instant(nanos: bigint): string {
  return formatMicros(Number(nanos / 1000n))
}

/** As VictoriaLogs parts the groups: a nanosecond behind the last row, so that it stays there when sorted. */
function separator({ row, nanos }: Placed): Row {
  const line = newRow()
  line._time = formatNanos(nanos + 1n)
  line._stream = fieldValue(row, "_stream")
  line._stream_id = fieldValue(row, "_stream_id")
  line._msg = "---"
  return line
}
