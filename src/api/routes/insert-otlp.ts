import { Type } from "typebox"
import type { Outcome } from "../../intake/insert/keeper.ts"
import { formatOtlpJson, formatOtlpProto, type Rejected } from "../../intake/insert/otlp-answer.ts"
import { type InsertRoute, insertBody, tellOutcomes } from "../insert-request.ts"
import { InsertParameters } from "../insert-schema.ts"
import { contentTypeOf } from "../request.ts"
import type { Route } from "../route.ts"

/**
 * `POST /insert/opentelemetry/v1/logs`, and `/v1/logs` for exporters that only know a host: 200 says that every record is
 * on disk; those that were not understood are counted as rejected, and must not be sent again. The answer is in the
 * request's encoding.
 */
export function otlpRoutes(deps: InsertRoute): readonly Route[] {
  const route = {
    methods: ["POST"],
    needs: ["write"],
    schema: {
      summary: "Takes OpenTelemetry logs; 200 says they are on disk",
      description:
        "OTLP/HTTP as protobuf or JSON. partial_success counts the records that are kept but not understood.",
      tags: ["insert"],
      querystring: InsertParameters,
      consumes: ["application/x-protobuf", "application/json"],
      response: { 200: Type.Any() },
    },
    async handle(request, reply) {
      const isJson = contentTypeOf(request) === "application/json"
      const form = { protocol: "otlp", encoding: isJson ? "json" : "protobuf" } as const
      const { outcomes, args } = await insertBody(deps, request, form)
      tellOutcomes(reply, outcomes, args)
      const rejected = rejectedOf(outcomes)
      if (isJson)
        return reply.header("content-type", "application/json").send(Buffer.from(formatOtlpJson(rejected)))
      return reply
        .header("content-type", "application/x-protobuf")
        .send(Buffer.from(formatOtlpProto(rejected)))
    },
  } as const satisfies Omit<Route, "url">
  return [
    { url: "/insert/opentelemetry/v1/logs", ...route },
    { url: "/v1/logs", ...route },
  ]
}

function rejectedOf(outcomes: readonly Outcome[]): Rejected | undefined {
  const codes = outcomes.flatMap(({ quarantined }) => quarantined ?? [])
  if (codes.length === 0) return undefined
  const reasons = [...new Set(codes)].join(", ")
  return { count: codes.length, message: `kept, marked quarantined, and not to be sent again: ${reasons}` }
}
