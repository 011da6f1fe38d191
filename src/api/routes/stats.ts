import type { FastifyReply } from "fastify"
import { Refusal } from "../../base/refusal.ts"
import { parseDurationArgument, parseStep, parseSwitch } from "../arguments.ts"
import { type Answered, type AskDeps, answerOf, openQuestion, type Question, sendDocument } from "../ask.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { Matrix, PrometheusError, StatsArguments, StatsRangeArguments, Vector } from "../select-schema.ts"
import { shapeMatrix, shapeVector } from "../stats.ts"
import { wholeSteps } from "../whole-steps.ts"

/**
 * `| stats` in the words of the Prometheus query API: what vmalert asks for rules of type vlogs, and Grafana for graphs.
 * vmalert takes a number that a limit made too small for the truth, so it can ask for an error instead:
 * `allow_partial_response=0`.
 */
export function statsRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/stats_query",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "prometheus",
      schema: {
        summary: "Results of | stats at one time, as the Prometheus API has them",
        tags: ["query"],
        querystring: StatsArguments,
        response: { 200: Vector, 422: PrometheusError },
      },
      async handle(request, reply) {
        const question = await openQuestion(deps, { request, reply }, "stats_query", (given, bounds) =>
          parseQueryRequest(given, bounds, { kind: "stats" }),
        )
        const answered = await wholeOf(question)
        const result = shapeVector(answered.rows, answered.ending.measures ?? [], question.asked.now)
        return sendResult(reply, { resultType: "vector", result }, answered.ending)
      },
    },
    {
      url: "/select/logsql/stats_query_range",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "prometheus",
      schema: {
        summary: "Results of | stats for each step of time, as the Prometheus API has them",
        tags: ["query"],
        querystring: StatsRangeArguments,
        response: { 200: Matrix, 422: PrometheusError },
      },
      async handle(request, reply) {
        const question = await openQuestion(
          deps,
          { request, reply },
          "stats_query_range",
          (given, bounds) => {
            const [step, offset] = [parseStep(given), parseDurationArgument(given, "offset")]
            const asked = parseQueryRequest(given, bounds, {
              kind: "statsPerStep",
              step: step.text,
              ...(offset === undefined ? {} : { offset: offset.text }),
            })
            return wholeSteps(asked, { step: step.micros, offset: offset?.micros ?? 0 })
          },
        )
        const answered = await wholeOf(question)
        const result = shapeMatrix(answered.rows, answered.ending.measures ?? [])
        return sendResult(reply, { resultType: "matrix", result }, answered.ending)
      },
    },
  ]
}

/** The answer, cut or not, unless the asker would rather have an error than a number that is too small. */
async function wholeOf(question: Question): Promise<Answered> {
  const answered = await answerOf(question)
  const { partial } = answered.ending
  if (partial !== undefined && wantsWhole(question.given)) {
    throw new Refusal("search.partial", `the answer would be partial: ${partial}`)
  }
  return answered
}

/** `allow_partial_response=0`. Unlike other switches it is on where nobody says anything. */
function wantsWhole(given: URLSearchParams): boolean {
  return Boolean(given.get("allow_partial_response")) && !parseSwitch(given, "allow_partial_response")
}

function sendResult(reply: FastifyReply, data: object, ending: { readonly partial?: string }): FastifyReply {
  const { partial } = ending
  const marks =
    partial === undefined ? {} : { isPartial: true, warnings: [`this answer is partial: ${partial}`] }
  return sendDocument(reply, { status: "success", data, ...marks }, ending)
}
