import type { FastifyReply, FastifyRequest } from "fastify"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { escapeUnseen } from "../base/unseen.ts"
import { readBody } from "../intake/body.ts"
import type { InFlight } from "../intake/in-flight.ts"
import { pointAt } from "../query/point.ts"
import type { Row } from "../query/row.ts"
import type { Ending, FileFormat, FileMessage, QueryMessage, QueryRequest } from "../search/message.ts"
import type { ApiDeps } from "./deps.ts"
import type { QueryEndpoint, QueryOutcome } from "./endpoints.ts"
import { formOf } from "./form.ts"
import type { QueryBounds } from "./query-request.ts"
import { CONTINUE, contentTypeHeaderOf, lengthOf, queryStringOf } from "./request.ts"
import { checkTenant } from "./tenant.ts"

/** What the query endpoints need of the rest. */
export type AskDeps = Pick<
  ApiDeps,
  "search" | "searchLimits" | "clock" | "onQuery" | "onTrouble" | "metrics"
> & { readonly inFlight: InFlight }

/** A query's text is at most 64 KiB; in a form each byte may take three. */
const FORM_BYTES_MAX = 1024 * 1024
const FORM_TIMEOUT_MS = 10_000

/** Arguments of the query string and of a form, one after another; where one name is there twice, the form comes first. */
export async function argumentsOf(
  { inFlight }: Pick<AskDeps, "inFlight">,
  request: FastifyRequest,
): Promise<URLSearchParams> {
  const { raw, headers } = request
  const inUrl = new URLSearchParams(queryStringOf(request))
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
    return new URLSearchParams([...(await formOf(body, contentTypeHeaderOf(request))), ...inUrl])
  } finally {
    hold.release()
  }
}

/** One question: what it says, its answer's messages, and the trace it leaves in records and metrics. */
export class Question {
  readonly endpoint: QueryEndpoint
  readonly given: URLSearchParams
  readonly asked: QueryRequest
  /** Aborts when nobody waits any more. */
  readonly left: AbortSignal
  readonly #deps: AskDeps
  readonly #by: string
  readonly #began = performance.now()
  #noted = false

  constructor(
    deps: AskDeps,
    parts: Pick<Question, "endpoint" | "given" | "asked" | "left"> & { readonly by: string },
  ) {
    this.#deps = deps
    this.#by = parts.by
    this.endpoint = parts.endpoint
    this.given = parts.given
    this.asked = parts.asked
    this.left = parts.left
    deps.metrics.queryBegan()
  }

  /** Messages of the answer; a refusal shows where in the query something is wrong. */
  async *messages(request: QueryRequest = this.asked): AsyncGenerator<QueryMessage> {
    try {
      yield* this.#deps.search.query(request, this.left)
    } catch (error) {
      throw pointed(error, this.asked.text)
    }
  }

  async *file(file: FileFormat): AsyncGenerator<FileMessage> {
    try {
      yield* this.#deps.search.file({ ...this.asked, file }, this.left)
    } catch (error) {
      throw pointed(error, this.asked.text)
    }
  }

  /** Tells that it was asked and how it ended; only the first time. */
  note(outcome: QueryOutcome, rows: number): void {
    if (this.#noted) return
    this.#noted = true
    const { endpoint } = this
    const seconds = (performance.now() - this.#began) / 1000
    this.#deps.metrics.queryEnded({ endpoint, outcome, seconds })
    this.#deps.onQuery?.({ by: this.#by, endpoint, text: this.asked.text, rows, outcome, seconds })
  }

  /** Tells that a question which may last has been asked. */
  noteBegun(): void {
    const { endpoint, asked } = this
    this.#deps.onQuery?.({ by: this.#by, endpoint, text: asked.text, rows: 0, outcome: "began", seconds: 0 })
  }
}

/** Reads a request's arguments by `read`. Refuses what is no question, and tenants that the credential has not. */
export async function openQuestion(
  deps: AskDeps,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  endpoint: QueryEndpoint,
  read: (given: URLSearchParams, bounds: QueryBounds) => QueryRequest,
): Promise<Question> {
  checkTenant(request)
  const given = await argumentsOf(deps, request)
  const asked = read(given, { now: deps.clock(), ...deps.searchLimits })
  const left = new AbortController()
  reply.raw.once("close", () => left.abort())
  return new Question(deps, { endpoint, given, asked, left: left.signal, by: request.credential.name })
}

export type Answered = { readonly rows: readonly Row[]; readonly ending: Ending }

/** Rows of an answer that is one JSON document: groups, values, points. More of them are cut, with the mark. */
const DOCUMENT_ROWS_MAX = 100_000

/** The whole answer at once. */
export async function answerOf(question: Question): Promise<Answered> {
  const rows: Row[] = []
  try {
    const rowsMax = Math.min(question.asked.rowsMax, DOCUMENT_ROWS_MAX)
    for await (const message of question.messages({ ...question.asked, rowsMax })) {
      if (message.kind === "rows") for (const row of message.rows) rows.push(row)
      else {
        question.note(message.partial === undefined ? "whole" : "partial", rows.length)
        return { rows, ending: message }
      }
    }
    throw new Error("the search ended without saying so")
  } catch (error) {
    question.note(question.left.aborted ? "left" : "refused", rows.length)
    throw error
  }
}

/** Name of the header, or trailer where rows are streamed, that says `whole` or `partial: <why>`. */
export const ANSWER = "tallystick-answer"

/** What stands there. A header may hold less than a message does. */
export function answerMark(partial: string | undefined): string {
  return partial === undefined ? "whole" : `partial: ${partial.replace(/[^ -~]/g, "?")}`
}

/** A document that limits cut says so in a header and in its member `partial`, which clients of VictoriaLogs pass over. */
export function sendDocument(
  reply: FastifyReply,
  document: object,
  { partial }: { readonly partial?: string },
): FastifyReply {
  const text = JSON.stringify(partial === undefined ? document : { ...document, partial })
  return reply
    .header(ANSWER, answerMark(partial))
    .header("content-type", "application/json")
    .send(Buffer.from(escapeUnseen(text)))
}

/** The same refusal with the query and a mark under the word it is about. */
export function pointed(error: unknown, text: string): unknown {
  if (!isRefusal(error)) return error
  const { position, length } = error.facts
  if (typeof position !== "number" || typeof length !== "number" || position > text.length) return error
  return new Refusal(
    error.code,
    `${error.message}\n${pointAt(text, { position, length })}\n`,
    error.facts,
    error,
  )
}
