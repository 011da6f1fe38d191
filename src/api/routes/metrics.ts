import { Type } from "typebox"
import type { Metrics } from "../metrics.ts"
import type { Route } from "../route.ts"

/** `/metrics`, for Prometheus. */
export function metricsRoutes({ metrics }: { readonly metrics: Metrics }): readonly Route[] {
  return [
    {
      url: "/metrics",
      methods: ["GET"],
      needs: ["metrics", "read"],
      schema: {
        summary: "Metrics as OpenMetrics 1.0",
        tags: ["health"],
        produces: [metrics.contentType],
        response: { 200: Type.String() },
      },
      handle: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    },
  ]
}
