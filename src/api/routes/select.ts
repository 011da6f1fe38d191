import type { Route } from "../route.ts"
import { buildInfoRoutes } from "./build-info.ts"
import { facetsRoutes } from "./facets.ts"
import { hitsRoutes } from "./hits.ts"
import { queryRoutes } from "./query.ts"
import { statsRoutes } from "./stats.ts"
import { type TailDeps, tailRoutes } from "./tail.ts"
import { tenantRoutes } from "./tenants.ts"
import { timeRangeRoutes } from "./time-range.ts"
import { valuesRoutes } from "./values.ts"

/** Everything below `/select/`: the reading half of VictoriaLogs' HTTP API. docs/HTTP.md is its page for people. */
export function selectRoutes(deps: TailDeps): readonly Route[] {
  return [
    ...queryRoutes(deps),
    ...tailRoutes(deps),
    ...hitsRoutes(deps),
    ...facetsRoutes(deps),
    ...statsRoutes(deps),
    ...valuesRoutes(deps),
    ...timeRangeRoutes(deps),
    ...tenantRoutes(),
    ...buildInfoRoutes(),
  ]
}
