import type { InsertRoute } from "../insert-request.ts"
import type { Route } from "../route.ts"
import { elasticsearchRoutes } from "./insert-elasticsearch.ts"
import { jsonlineRoutes } from "./insert-jsonline.ts"
import { lokiRoutes } from "./insert-loki.ts"
import { otlpRoutes } from "./insert-otlp.ts"
import { insertReadyRoutes, type ReadyRoute } from "./insert-ready.ts"

/** Everything below `/insert/`: what collectors write to. docs/INSERT.md is its page for people. */
export function insertRoutes(deps: InsertRoute & ReadyRoute): readonly Route[] {
  return [
    ...jsonlineRoutes(deps),
    ...elasticsearchRoutes(deps),
    ...lokiRoutes(deps),
    ...otlpRoutes(deps),
    ...insertReadyRoutes(deps),
  ]
}
