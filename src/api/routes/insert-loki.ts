import { Type } from "typebox"
import type { InsertForm } from "../../intake/insert/insert.ts"
import { type InsertRoute, insertBody, refuseIfAllBad, tellOutcomes } from "../insert-request.ts"
import { InsertParameters } from "../insert-schema.ts"
import { contentTypeOf } from "../request.ts"
import type { Route } from "../route.ts"

/** `POST /insert/loki/api/v1/push`: 204 says that every entry is on disk. */
export function lokiRoutes(deps: InsertRoute): readonly Route[] {
  return [
    {
      url: "/insert/loki/api/v1/push",
      methods: ["POST"],
      needs: ["write"],
      errors: "text",
      schema: {
        summary: "Takes what Promtail, Alloy and Loki's other clients push; 204 says it is on disk",
        description: "JSON, or snappy protobuf (logproto.PushRequest). X-Scope-OrgID means nothing here.",
        tags: ["insert"],
        querystring: InsertParameters,
        consumes: ["application/json", "application/x-protobuf"],
        response: { 204: Type.Null({ description: "Durable." }) },
      },
      async handle(request, reply) {
        const isJson = contentTypeOf(request) === "application/json"
        // Loki's protobuf is snappy whatever the headers say; where they say it too, it was undone with them.
        const undone = /^snappy$/i.test(request.headers["content-encoding"] ?? "")
        const encoding = isJson ? "json" : undone ? "protobuf" : "snappy"
        const form: InsertForm = { protocol: "loki", encoding }
        const { outcomes, args } = await insertBody(deps, request, form)
        tellOutcomes(reply, outcomes, args)
        refuseIfAllBad(outcomes)
        return reply.code(204).send()
      },
    },
  ]
}
