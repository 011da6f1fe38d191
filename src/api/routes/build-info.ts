import { Type } from "typebox"
import type { Route } from "../route.ts"

/** Grafana's data source and others look for a release of VictoriaLogs in it, to know what they may ask: the one we are compared with. */
const VERSION = "tallystick-as-victoria-logs-v1.52.1"

const BuildInfo = Type.Object({
  status: Type.Literal("success"),
  data: Type.Object({ version: Type.String() }),
})

/** `/select/buildinfo`: whose API this is, for clients that ask before they begin. */
export function buildInfoRoutes(): readonly Route[] {
  return [
    {
      url: "/select/buildinfo",
      methods: ["GET"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "The release of VictoriaLogs whose API this is",
        tags: ["query"],
        response: { 200: BuildInfo },
      },
      async handle(_request, reply) {
        const text = JSON.stringify({ status: "success", data: { version: VERSION } })
        return reply.header("content-type", "application/json").send(Buffer.from(text))
      },
    },
  ]
}
