import { Readable } from "node:stream"
import type { FastifyReply, FastifyRequest } from "fastify"
import { Type } from "typebox"
import { isRefusal, type RefusalCode } from "../../base/refusal.ts"
import { formatMicros } from "../../base/time.ts"
import { readBody } from "../../intake/body.ts"
import type { InFlight } from "../../intake/in-flight.ts"
import type { QueryMessage, QueryRequest } from "../../search/message.ts"
import type { ApiDeps, Asked } from "../deps.ts"
import { parseQueryRequest, QueryArguments } from "../query-request.ts"
import { CONTINUE, lengthOf, parametersOf } from "../request.ts"
import type { Route } from "../route.ts"

export type QueryRoute = Pick<ApiDeps, "search" | "searchLimits" | "clock" | "onQuery" | "onTrouble"> & {
  readonly inFlight: InFlight
}

/** A query's text is at most 64 KiB; in a form each byte may take three. */
const FORM_BYTES_MAX = 1024 * 1024
const FORM_TIMEOUT_MS = 10_000
/** HTTP trailer of every answer: `whole`, or `partial: <why>`. Missing where the connection broke. */
const TRAILER = "tallystick-answer"

/**
 * `/select/logsql/query` as VictoriaLogs has it: one JSON object a line, every value a string, newest first.
 *
 * An answer that limits cut, or that broke while it was on its way, says so twice: in the trailer, and in a last line
 * `{"_time":…,"_stream":"{}","_msg":"this answer is partial: …","_partial":"…"}`. Clients of VictoriaLogs show that
 * line as a row (a curl user reads it); programs look for `_partial`, which no event field is called. One that broke
 * also ends without the last chunk, so that HTTP itself reports it.
 */
export function queryRoutes(deps: QueryRoute): readonly Route[] {
  return [
    {
      url: "/select/logsql/query",
      methods: ["GET", "POST"],
      needs: ["read"],
      plainErrors: true,
      schema: {
        summary: "Rows of a LogsQL query, as JSON lines",
        description:
          "Arguments in the query string or a form. Every value is a string. An answer that limits cut ends with a line " +
          "that has the field _partial, and the trailer Tallystick-Answer says partial instead of whole.",
        tags: ["query"],
        querystring: QueryArguments,
        produces: ["application/stream+json"],
        response: { 200: Type.String() },
      },
      handle: (request, reply) => answer(deps, request, reply),
    },
  ]
}

async function answer(deps: QueryRoute, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { search, searchLimits, clock } = deps
  const asked = parseQueryRequest(await argumentsOf(deps, request), { now: clock(), ...searchLimits })
  const left = new AbortController()
  reply.raw.once("close", () => left.abort())

  const note = notesOf(deps, request, asked)
  const messages = search.query(asked, left.signal)[Symbol.asyncIterator]()
  // The first message decides between rows and a refusal: a query that cannot be read is 400, not a broken 200.
  let first: IteratorResult<QueryMessage>
  try {
    first = await messages.next()
  } catch (error) {
    note(left.signal.aborted ? "left" : "refused", 0)
    // Nobody is there to hear it.
    if (left.signal.aborted) return reply.hijack()
    throw error
  }
  const rows = new Rows(asked, first, messages)
  const lines = Readable.from(linesOf(rows, deps, left.signal, note), { objectMode: false })
  return reply
    .type("application/stream+json; charset=utf-8")
    .trailer(TRAILER, async () => {
      // An answer without a row has sent nothing yet; HTTP/2 would end it with the head and have no place for trailers.
      if (!reply.raw.headersSent) reply.raw.flushHeaders()
      return rows.partial === undefined ? "whole" : `partial: ${rows.partial}`
    })
    .send(lines)
}

async function argumentsOf(
  { inFlight }: QueryRoute,
  request: FastifyRequest,
): Promise<Record<string, string>> {
  const { raw, headers } = request
  const inUrl = parametersOf(request.url.split("?", 2)[1] ?? "")
  if (request.method !== "POST") return inUrl
  const hold = inFlight.open(request.credential.name)
  try {
    const body = await readBody(
      {
        stream: raw,
        encoding: headers["content-encoding"],
        length: lengthOf(request),
        proceed: CONTINUE.get(raw),
      },
      { bodyBytesMax: FORM_BYTES_MAX, requestTimeoutMs: FORM_TIMEOUT_MS, hold },
    )
    return { ...inUrl, ...parametersOf(Buffer.from(body).toString("utf8")) }
  } finally {
    hold.release()
  }
}

type Note = (outcome: Asked["outcome"], rows: number) => void

function notesOf({ onQuery }: QueryRoute, request: FastifyRequest, { text }: QueryRequest): Note {
  const began = performance.now()
  return (outcome, rows) =>
    onQuery?.({
      by: request.credential.name,
      text,
      rows,
      outcome,
      seconds: (performance.now() - began) / 1000,
    })
}

/** The messages of one answer, and what became of it. */
class Rows {
  readonly asked: QueryRequest
  readonly #first: IteratorResult<QueryMessage>
  readonly #rest: AsyncIterator<QueryMessage>
  partial: string | undefined
  count = 0

  constructor(asked: QueryRequest, first: IteratorResult<QueryMessage>, rest: AsyncIterator<QueryMessage>) {
    this.asked = asked
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
  { clock, onTrouble }: QueryRoute,
  left: AbortSignal,
  note: Note,
): AsyncGenerator<string> {
  const partialLine = (why: string) => {
    rows.partial = why
    const _msg = `tallystick: this answer is partial: ${why}`
    return `${JSON.stringify({ _time: formatMicros(clock()), _stream: "{}", _msg, _partial: why })}\n`
  }
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
    note(left.aborted && !ended ? "left" : rows.partial === undefined ? "whole" : "partial", rows.count)
  }
}

function codeOf(error: unknown): RefusalCode {
  return isRefusal(error) ? error.code : "http.internal"
}
