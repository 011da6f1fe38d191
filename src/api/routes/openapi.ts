import type { FastifyInstance } from "fastify"
import { Type } from "typebox"
import type { Route } from "../route.ts"

/** `/openapi.json`: this API, made from the schemas of its routes. */
export function openapiRoutes(app: FastifyInstance): readonly Route[] {
  return [
    {
      url: "/openapi.json",
      methods: ["GET"],
      needs: "nobody",
      schema: { summary: "This document (OpenAPI 3.1)", tags: ["health"], response: { 200: Type.Any() } },
      handle: async (_request, reply) => reply.send(app.swagger()),
    },
  ]
}
