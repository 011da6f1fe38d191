/** One file per noun. A new noun is a file here and a line in server.ts. */
export { auditRoutes } from "./audit.ts"
export { healthRoutes } from "./health.ts"
export { importRoutes } from "./import.ts"
export { logRoutes } from "./log.ts"
export { metricsRoutes } from "./metrics.ts"
export { openapiRoutes } from "./openapi.ts"
export { quarantineRoutes } from "./quarantine.ts"
export { selectRoutes } from "./select.ts"
