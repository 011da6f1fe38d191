import { Type } from "typebox"
import type { ApiDeps } from "../deps.ts"
import { RETRY_AFTER_SECONDS } from "../problem.ts"
import type { Route } from "../route.ts"

const Part = Type.Object({
  part: Type.String(),
  state: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("down")]),
  reason: Type.Optional(Type.String()),
})
const Ready = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("down")]),
  parts: Type.Array(Part),
})

/** For probes, which have no credentials. `/healthz`: the process answers. `/readyz`: it can keep what it is sent. */
export function healthRoutes({ health }: Pick<ApiDeps, "health">): readonly Route[] {
  return [
    {
      url: "/healthz",
      methods: ["GET"],
      needs: "nobody",
      schema: {
        summary: "The process is alive",
        tags: ["health"],
        response: { 200: Type.Object({ status: Type.Literal("ok") }) },
      },
      handle: async () => ({ status: "ok" }),
    },
    {
      url: "/health",
      methods: ["GET"],
      needs: "nobody",
      schema: {
        summary: "The same for clients of VictoriaLogs: OK",
        tags: ["health"],
        produces: ["text/plain"],
        response: { 200: Type.String() },
      },
      handle: async (_request, reply) => reply.type("text/plain; charset=utf-8").send("OK"),
    },
    {
      url: "/readyz",
      methods: ["GET"],
      needs: "nobody",
      schema: {
        summary: "Events sent now would become durable; says which part is not well",
        tags: ["health"],
        response: { 200: Ready, 503: Ready },
      },
      async handle(_request, reply) {
        const parts = health()
        const down = parts.some(({ state }) => state === "down")
        const degraded = parts.some(({ state }) => state === "degraded")
        if (down) void reply.code(503).header("retry-after", RETRY_AFTER_SECONDS)
        return { status: down ? "down" : degraded ? "degraded" : "ok", parts }
      },
    },
  ]
}
