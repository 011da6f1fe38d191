import { Readable } from "node:stream"
import type { FastifyReply, FastifyRequest } from "fastify"
import { Type } from "typebox"
import { isRefusal, type RefusalCode } from "../../base/refusal.ts"
import { formatMicros } from "../../base/time.ts"
import type { QueryMessage } from "../../search/message.ts"
import { ANSWER, type AskDeps, openQuestion, type Question } from "../ask.ts"
import { parsePaging, parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { RowsArguments } from "../select-schema.ts"

/**
 * `/select/logsql/query` as VictoriaLogs has it: one JSON object a line, every value a string, newest first.
 *
 * An answer that limits cut, or that broke while it was on its way, says so twice: in the trailer, and in a last line
 * `{"_time":…,"_stream":"{}","_msg":"this answer is partial: …","_partial":"…"}`. Clients of VictoriaLogs show that
 * line as a row (a curl user reads it); programs look for `_partial`, which no event field is called. One that broke
 * also ends without the last chunk, so that HTTP itself reports it.
 */
export function queryRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/query",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "Rows of a LogsQL query, as JSON lines",
        description:
          "Arguments in the query string or a form. Every value is a string. An answer that limits cut ends with a line " +
          "that has the field _partial, and the trailer Tallystick-Answer says partial instead of whole.",
        tags: ["query"],
        querystring: RowsArguments,
        produces: ["application/stream+json"],
        response: { 200: Type.String() },
      },
      handle: (request, reply) => answer(deps, request, reply),
    },
  ]
}

async function answer(deps: AskDeps, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const question = await openQuestion(deps, { request, reply }, "query", (given, bounds) => ({
    ...parseQueryRequest(given, bounds),
    ...parsePaging(given),
  }))
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
  const rows = new Rows(first, messages)
  const lines = Readable.from(linesOf(rows, question, deps), { objectMode: false })
  return reply
    .header("content-type", "application/stream+json")
    .trailer(ANSWER, async () => {
      // An answer without a row has sent nothing yet; HTTP/2 would end it with the head and have no place for trailers.
      if (!reply.raw.headersSent) reply.raw.flushHeaders()
      return rows.partial === undefined ? "whole" : `partial: ${rows.partial}`
    })
    .send(lines)
}

/** The messages of one answer, and what became of it. */
class Rows {
  readonly #first: IteratorResult<QueryMessage>
  readonly #rest: AsyncIterator<QueryMessage>
  partial: string | undefined
  count = 0

  constructor(first: IteratorResult<QueryMessage>, rest: AsyncIterator<QueryMessage>) {
    this.#first = first
    this.#rest = rest
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<QueryMessage> {
    try {
      for (let next = this.#first; !next.done; next = await this.#rest.next()) yield next.value
    } finally {
      await this.#rest.return?.()
    }
  }
}

async function* linesOf(
  rows: Rows,
  question: Question,
  { clock, onTrouble }: AskDeps,
): AsyncGenerator<string> {
  const partialLine = (why: string) => {
    rows.partial = why
    const _msg = `tallystick: this answer is partial: ${why}`
    return `${JSON.stringify({ _time: formatMicros(clock()), _stream: "{}", _msg, _partial: why })}\n`
  }
  const { left } = question
  let ended = false
  try {
    for await (const message of rows) {
      if (message.kind === "rows") {
        rows.count += message.rows.length
        yield message.rows.map((row) => `${JSON.stringify(row)}\n`).join("")
      } else {
        ended = true
        if (message.partial !== undefined) yield partialLine(message.partial)
      }
    }
    if (!ended) throw new Error("the search ended without saying so")
  } catch (error) {
    ended = false
    if (!left.aborted) {
      onTrouble(error)
      yield partialLine(codeOf(error))
    }
    throw error
  } finally {
    question.note(
      left.aborted && !ended ? "left" : rows.partial === undefined ? "whole" : "partial",
      rows.count,
    )
  }
}

function codeOf(error: unknown): RefusalCode {
  return isRefusal(error) ? error.code : "http.internal"
}
