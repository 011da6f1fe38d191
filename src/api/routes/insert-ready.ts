import { Type } from "typebox"
import type { ApiDeps } from "../deps.ts"
import { RETRY_AFTER_SECONDS } from "../problem.ts"
import type { Route } from "../route.ts"

export type ReadyRoute = Pick<ApiDeps, "health">

/** `/insert/ready` and `/insert/loki/ready`, which collectors ask before they send. */
export function insertReadyRoutes({ health }: ReadyRoute): readonly Route[] {
  const handle: Route["handle"] = async (_request, reply) => {
    const ready = health().every(({ state }) => state !== "down")
    if (!ready) void reply.code(503).header("retry-after", RETRY_AFTER_SECONDS)
    return reply.type("text/plain; charset=utf-8").send(ready ? "ready\n" : "not ready\n")
  }
  const schema = {
    summary: "Lines sent now would become durable",
    tags: ["insert"],
    produces: ["text/plain"],
    response: { 200: Type.String(), 503: Type.String() },
  }
  const route = { methods: ["GET"], needs: "nobody", schema, handle } as const
  return [
    { url: "/insert/ready", ...route },
    { url: "/insert/loki/ready", ...route },
  ]
}
