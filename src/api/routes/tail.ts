import { Readable } from "node:stream"
import type { FastifyReply, FastifyRequest } from "fastify"
import { Type } from "typebox"
import { pause } from "../../base/loop.ts"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { formatMicros } from "../../base/time.ts"
import type { QueryRequest } from "../../search/message.ts"
import { parseDurationArgument, refused } from "../arguments.ts"
import { type AskDeps, openQuestion, type Question } from "../ask.ts"
import type { QueryOutcome } from "../endpoints.ts"
import { jsonLines } from "../json-line.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { TailArguments } from "../select-schema.ts"

export type TailDeps = AskDeps & {
  /** Aborts when the server stops: a tail would hold it up. */
  readonly stopping: AbortSignal
}

/** Tails at once. Each asks the search process once a second. */
const TAILS_MAX = 64
/** Rows of one look; what is more follows at once. */
const LOOK_ROWS_MAX = 2_000
const REFRESH_MICROS = 1_000_000
const REFRESH_MICROS_MIN = 100_000
/** What was there before the tail began, so that a reader sees that it works. */
const START_MICROS = 5_000_000
/** The search process starts again within seconds; a tail waits for it. */
const RETRIED = ["search.unavailable", "search.busy"] as const

/**
 * `/select/logsql/tail`: rows in the order in which they were received, at most a second after they were acknowledged, until
 * the client leaves. Looks follow each other by record number: nothing is shown twice and nothing is left out, whatever
 * `_time` an event claims. A slow reader is not followed ahead: there is no queue that grows, its next look begins where its
 * last one ended, and intake never waits for it.
 */
export function tailRoutes(deps: TailDeps): readonly Route[] {
  const tails = { open: 0 }
  return [
    {
      url: "/select/logsql/tail",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "Rows of a LogsQL query as they come, as JSON lines",
        description:
          "Lasts until the client leaves. One that ends from this side ends with a line that has the field _partial.",
        tags: ["query"],
        querystring: TailArguments,
        produces: ["application/x-ndjson"],
        response: { 200: Type.String() },
      },
      async handle(request, reply) {
        if (tails.open >= TAILS_MAX)
          throw new Refusal("search.busy", `${TAILS_MAX} live tails are open already`)
        tails.open++
        reply.raw.once("close", () => tails.open--)
        return answer(deps, request, reply)
      },
    },
  ]
}

async function answer(deps: TailDeps, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  let refresh = REFRESH_MICROS
  const question = await openQuestion(deps, { request, reply }, "tail", (given, bounds) => {
    refresh = refreshOf(given)
    const asked = parseQueryRequest(given, bounds, { kind: "tail" })
    parseDurationArgument(given, "offset") // how long VictoriaLogs waits for stragglers; nobody has to here
    const back = parseDurationArgument(given, "start_offset")?.micros ?? START_MICROS
    return { ...asked, now: bounds.now, start: Math.max(asked.start ?? 0, bounds.now - back) }
  })
  const lines = new Tail(question, deps, refresh / 1000).lines()
  // The first look decides between rows and a refusal.
  await lines.next()
  void reply.header("content-type", "application/x-ndjson").send(Readable.from(lines, { objectMode: false }))
  // So that a client knows that it is connected before the first row comes; not before the headers are set.
  setImmediate(() => {
    if (!reply.raw.headersSent) reply.raw.flushHeaders()
  })
  return reply
}

function refreshOf(given: URLSearchParams): number {
  const { micros } = parseDurationArgument(given, "refresh_interval") ?? { micros: REFRESH_MICROS }
  if (micros <= 0) throw refused("refresh_interval", given.get("refresh_interval"), "a duration like 1s")
  return Math.max(micros, REFRESH_MICROS_MIN)
}

class Tail {
  readonly #question: Question
  readonly #deps: TailDeps
  readonly #refreshMs: number
  readonly #stop: AbortSignal
  #after: string | undefined
  #began = false
  #rows = 0
  #told: string | undefined

  constructor(question: Question, deps: TailDeps, refreshMs: number) {
    this.#question = question
    this.#deps = deps
    this.#refreshMs = refreshMs
    this.#stop = AbortSignal.any([question.left, deps.stopping])
  }

  /** First of all an empty text, when it is certain that the query can be run; then lines, until somebody stops. */
  async *lines(): AsyncGenerator<string> {
    let outcome: QueryOutcome = "left"
    try {
      while (!this.#stop.aborted) {
        const more = yield* this.#look()
        if (!more) await pause(this.#refreshMs, this.#stop)
      }
      if (!this.#question.left.aborted) yield this.#mark("the server stops")
    } catch (error) {
      if (!this.#began) outcome = this.#question.left.aborted ? "left" : "refused"
      if (!this.#began) throw error
      if (this.#question.left.aborted) return
      outcome = "partial"
      this.#deps.onTrouble(error)
      yield this.#mark(isRefusal(error) ? error.code : "http.internal")
    } finally {
      this.#question.note(outcome, this.#rows)
    }
  }

  /** Rows that came since the last look. True when there are more of them already. */
  async *#look(): AsyncGenerator<string, boolean> {
    let seen = 0
    try {
      for await (const message of this.#question.messages(this.#request())) {
        if (!this.#began) {
          this.#began = true
          this.#question.noteBegun()
          yield ""
        }
        if (message.kind === "rows") {
          seen += message.rows.length
          this.#rows += message.rows.length
          if (message.rows.length > 0) yield jsonLines(message.rows)
          continue
        }
        this.#after = message.next
        // What a look has not reached the next one begins with; what is not there at all is told once.
        if (message.partial !== undefined && message.partial !== this.#told) yield this.#mark(message.partial)
        this.#told = message.partial
      }
    } catch (error) {
      if (!this.#began || !RETRIED.some((code) => isRefusal(error, code))) throw error
    }
    return seen >= LOOK_ROWS_MAX
  }

  #request(): QueryRequest {
    const { start, ...asked } = this.#question.asked
    const look = { ...asked, now: this.#deps.clock(), limit: LOOK_ROWS_MAX }
    // Behind the first look record numbers say what is new, not what `_time` an event claims.
    if (this.#after !== undefined) return { ...look, walk: { kind: "tail", after: this.#after } }
    return { ...look, ...(start === undefined ? {} : { start }), walk: { kind: "tail" } }
  }

  #mark(why: string): string {
    const _msg = `tallystick: this live tail is not whole: ${why}`
    return `${JSON.stringify({ _time: formatMicros(this.#deps.clock()), _stream: "{}", _msg, _partial: why })}\n`
  }
}
