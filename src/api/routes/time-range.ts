import { Type } from "typebox"
import { understandQuery } from "../../query/habits/index.ts"
import { timeRangeOf } from "../../query/time-range.ts"
import { type AskDeps, argumentsOf, pointed } from "../ask.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { QueryArguments } from "../select-schema.ts"
import { checkTenant } from "../tenant.ts"

const TimeRange = Type.Object({
  start: Type.String({ description: "RFC 3339" }),
  end: Type.String({ description: "RFC 3339" }),
  hasTimeFilter: Type.Boolean({ description: "Whether the query itself says when" }),
})

/** `/select/logsql/query_time_range`: from when to when a query looks, for a dashboard's own clock. No record is read. */
export function timeRangeRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/query_time_range",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "From when to when a query looks",
        tags: ["query"],
        querystring: QueryArguments,
        response: { 200: TimeRange },
      },
      async handle(request, reply) {
        checkTenant(request)
        const given = await argumentsOf(deps, request)
        const now = deps.clock()
        const { text, compat, start, end } = parseQueryRequest(given, { now, ...deps.searchLimits })
        try {
          const range = timeRangeOf(understandQuery(text, compat), {
            now,
            ...(start === undefined ? {} : { start }),
            ...(end === undefined ? {} : { end: end + 1 }),
          })
          return reply.header("content-type", "application/json").send(Buffer.from(JSON.stringify(range)))
        } catch (error) {
          throw pointed(error, text)
        }
      },
    },
  ]
}
