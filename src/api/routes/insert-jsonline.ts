import { Type } from "typebox"
import { type InsertRoute, insertBody, refuseIfAllBad, tellOutcomes } from "../insert-request.ts"
import { InsertParameters } from "../insert-schema.ts"
import { contentTypeOf } from "../request.ts"
import type { Route } from "../route.ts"

const MSGPACK = ["application/msgpack", "application/x-msgpack"]

/**
 * `POST /insert/jsonline`: 200 says that every line is on disk. The body is empty, as VictoriaLogs answers; counts stand
 * in headers, or with `debug=1` what became of each line in the body.
 */
export function jsonlineRoutes(deps: InsertRoute): readonly Route[] {
  return [
    {
      url: "/insert/jsonline",
      methods: ["POST"],
      needs: ["write"],
      errors: "text",
      schema: {
        summary: "Takes JSON lines, a JSON array or objects one after the other; 200 says they are on disk",
        description:
          "Headers tallystick-lines and tallystick-quarantined count the lines. A line that is no JSON object is kept " +
          "and marked; 400 only where no line was understood.",
        tags: ["insert"],
        querystring: InsertParameters,
        consumes: ["application/x-ndjson", "application/json", "application/msgpack"],
        response: { 200: Type.Any() },
      },
      async handle(request, reply) {
        const protocol = MSGPACK.includes(contentTypeOf(request)) ? "msgpack" : "jsonline"
        const { outcomes, args } = await insertBody(deps, request, { protocol })
        tellOutcomes(reply, outcomes, args)
        if (args.debug) return reply.type("application/x-ndjson").send(outcomes.map(lineOf).join(""))
        refuseIfAllBad(outcomes)
        return reply.code(200).send()
      },
    },
  ]
}

function lineOf(outcome: object, line: number): string {
  return `${JSON.stringify({ line, ...outcome })}\n`
}
