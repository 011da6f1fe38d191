import { parseCountArgument, parseSwitch } from "../arguments.ts"
import { type AskDeps, answerOf, openQuestion, sendDocument } from "../ask.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { Facets, FacetsArguments } from "../select-schema.ts"

type Facet = { readonly field_name: string; readonly values: { field_value: string; hits: number }[] }

/** `/select/logsql/facets`: the most frequent values of every field, which is the column beside a list of logs. */
export function facetsRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/facets",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "The most frequent values of every field in the rows of a query",
        tags: ["query"],
        querystring: FacetsArguments,
        response: { 200: Facets },
      },
      async handle(request, reply) {
        const question = await openQuestion(deps, { request, reply }, "facets", (given, bounds) =>
          parseQueryRequest(given, bounds, {
            kind: "facets",
            // As VictoriaLogs: 0 is the default.
            most: parseCountArgument(given, "limit") || 10,
            valuesMax: parseCountArgument(given, "max_values_per_field") || 1_000,
            bytesMax: parseCountArgument(given, "max_value_len") || 128,
            constant: parseSwitch(given, "keep_const_fields"),
          }),
        )
        const { rows, ending } = await answerOf(question)
        const facets = new Map<string, Facet>()
        for (const { field_name = "", field_value = "", hits } of rows) {
          const facet = facets.get(field_name) ?? { field_name, values: [] }
          facets.set(field_name, facet)
          facet.values.push({ field_value, hits: Number(hits) })
        }
        return sendDocument(reply, { facets: [...facets.values()] }, ending)
      },
    },
  ]
}
