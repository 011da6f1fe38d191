import type { AskDeps } from "../ask.ts"
import type { Route } from "../route.ts"
import { hitsRoutes } from "./hits.ts"
import { queryRoutes } from "./query.ts"
import { statsRoutes } from "./stats.ts"
import { tenantRoutes } from "./tenants.ts"
import { valuesRoutes } from "./values.ts"

/** Everything below `/select/`: the reading half of VictoriaLogs' HTTP API. docs/HTTP.md is its page for people. */
export function selectRoutes(deps: AskDeps): readonly Route[] {
  return [
    ...queryRoutes(deps),
    ...hitsRoutes(deps),
    ...statsRoutes(deps),
    ...valuesRoutes(deps),
    ...tenantRoutes(),
  ]
}
