import { Readable } from "node:stream"
import type { FastifyReply } from "fastify"
import { isRefusal, type RefusalCode } from "../base/refusal.ts"
import { formatMicros } from "../base/time.ts"
import type { Row } from "../query/row.ts"
import type { Ending, QueryMessage } from "../search/message.ts"
import { ANSWER, type AskDeps, answerMark, type Question } from "./ask.ts"
import { jsonLine } from "./json-line.ts"

type Format = "ndjson" | "json"

/** How rows become text: lines, or the elements of one array. */
const FRAMES = {
  ndjson: { type: "application/stream+json", open: "", between: "", close: "" },
  json: { type: "application/json", open: "[\n", between: ",", close: "]\n" },
} as const

/**
 * Streams rows as they come.
 *
 * An answer that limits cut, or that broke while it was on its way, says so twice: in the trailer, and in a last line
 * `{"_time":…,"_stream":"{}","_msg":"this answer is partial: …","_partial":"…"}`. Clients of VictoriaLogs show that
 * line as a row (a curl user reads it); programs look for `_partial`, which no event field is called. One that broke
 * also ends without the last chunk, so that HTTP itself reports it. Pages end with a line that has the field `_cursor`.
 */
export async function sendRows(
  question: Question,
  format: Format,
  reply: FastifyReply,
  deps: AskDeps,
): Promise<unknown> {
  const messages = question.messages()
  // The first message decides between rows and a refusal: a query that cannot be read is 400, not a broken 200.
  let first: IteratorResult<QueryMessage>
  try {
    first = await messages.next()
  } catch (error) {
    question.note(question.left.aborted ? "left" : "refused", 0)
    // Nobody is there to hear it.
    if (question.left.aborted) return reply.hijack()
    throw error
  }
  const sent: Sent = { partial: undefined, rows: 0 }
  const lines = Readable.from(textOf(rest(first, messages), { question, format, sent }, deps), {
    objectMode: false,
  })
  return reply
    .header("content-type", FRAMES[format].type)
    .trailer(ANSWER, async () => {
      // An answer without a row has sent nothing yet; HTTP/2 would end it with the head and have no place for trailers.
      if (!reply.raw.headersSent) reply.raw.flushHeaders()
      return answerMark(sent.partial)
    })
    .send(lines)
}

type Sent = { partial: string | undefined; rows: number }
type Sending = { readonly question: Question; readonly format: Format; readonly sent: Sent }

async function* rest(
  first: IteratorResult<QueryMessage>,
  messages: AsyncIterator<QueryMessage>,
): AsyncGenerator<QueryMessage> {
  try {
    for (let next = first; !next.done; next = await messages.next()) yield next.value
  } finally {
    await messages.return?.()
  }
}

async function* textOf(
  messages: AsyncIterable<QueryMessage>,
  { question, format, sent }: Sending,
  { clock, onTrouble }: AskDeps,
): AsyncGenerator<string> {
  const { open, between, close } = FRAMES[format]
  let elements = 0
  const element = (row: Row) => (elements++ === 0 ? "" : between) + jsonLine(row)
  const partialRow = (why: string): Row => {
    sent.partial = why
    const _msg = `tallystick: this answer is partial: ${why}`
    return { _time: formatMicros(clock()), _stream: "{}", _msg, _partial: why }
  }
  const { left, asked } = question
  let ended = false
  try {
    if (open !== "") yield open
    for await (const message of messages) {
      if (message.kind === "rows") {
        sent.rows += message.rows.length
        if (message.rows.length > 0) yield message.rows.map(element).join("")
        continue
      }
      ended = true
      sent.rows = message.rows
      if (message.partial !== undefined) yield element(partialRow(message.partial))
      if (asked.walk !== undefined) yield element(cursorRow(message))
      if (close !== "") yield close
    }
    if (!ended) throw new Error("the search ended without saying so")
  } catch (error) {
    ended = false
    if (!left.aborted) {
      onTrouble(error)
      yield element(partialRow(codeOf(error)))
    }
    throw error
  } finally {
    question.note(
      left.aborted && !ended ? "left" : sent.partial === undefined ? "whole" : "partial",
      sent.rows,
    )
  }
}

/** The last line of a page; an empty cursor says that there is no other. */
function cursorRow({ next }: Ending): Row {
  return { _cursor: next ?? "" }
}

function codeOf(error: unknown): RefusalCode {
  return isRefusal(error) ? error.code : "http.internal"
}
