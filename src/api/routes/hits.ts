import { parseCountArgument, parseDurationArgument, parseStep } from "../arguments.ts"
import { type AskDeps, answerOf, openQuestion, sendDocument } from "../ask.ts"
import { shapeHits } from "../hits.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { Hits, HitsArguments } from "../select-schema.ts"
import { wholeSteps } from "../whole-steps.ts"

/** `/select/logsql/hits`: how many rows in each step of time, which is the graph above a list of logs. */
export function hitsRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/hits",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "How many rows of a query there are in each step of time",
        tags: ["query"],
        querystring: HitsArguments,
        response: { 200: Hits },
      },
      async handle(request, reply) {
        const question = await openQuestion(deps, { request, reply }, "hits", (given, bounds) => {
          const [step, offset] = [parseStep(given), parseDurationArgument(given, "offset")]
          const asked = parseQueryRequest(given, bounds, {
            kind: "hits",
            step: step.text,
            fields: given.getAll("field").filter((field) => field !== ""),
            ...(offset === undefined ? {} : { offset: offset.text }),
          })
          return wholeSteps(asked, { step: step.micros, offset: offset?.micros ?? 0 })
        })
        const { given, asked } = question
        const { rows, ending } = await answerOf(question)
        const { hits, partial } = shapeHits(rows, {
          fields: given.getAll("field").filter((field) => field !== ""),
          fieldsLimit: parseCountArgument(given, "fields_limit") ?? 0,
          step: parseStep(given).micros,
          offset: parseDurationArgument(given, "offset")?.micros ?? 0,
          start: asked.start,
          end: asked.end,
        })
        const why = [ending.partial, partial].filter((reason) => reason !== undefined).join("; ")
        return sendDocument(reply, { hits }, why === "" ? {} : { partial: why })
      },
    },
  ]
}
