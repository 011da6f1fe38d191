/**
 * The HTTP side: routes that translate requests to calls, who may call them, and what Prometheus sees.
 *
 *     const metrics = createMetrics({ log: origin, seriesMax: 2_000, sources: credentials.sources, redactionRules: [] })
 *     const credentials = await CredentialTable.open(config.credentials, readText) // refuses defaults and doubles
 *     const tls = config.tls && (await TlsFiles.open(config.tls, readText))
 *     const api = await createApi({ …, credentials, tls, metrics, deliver }) // refuses listen.exposed
 *     console.log(await api.listen()) // ["https://10.0.0.1:9628"]
 *     await api.close()
 *
 * Promises: 200 to a POST of events only after `deliver` resolved; every other answer is a problem document made from
 * the table of refusals, and a 5xx says nothing about the inside. A route does no work of its own and reaches nothing
 * but {@link ApiDeps}. Tests use `api.app.inject`.
 *
 * Needs: the event loop. What blocks it (large sorts, DuckDB) lives in another process.
 */

export type { QueryMessage, QueryRequest } from "../search/message.ts"
export { AUTH_REFUSALS, type AuthRefusal } from "./auth.ts"
export {
  type BasicConfig,
  type Credential,
  type CredentialConfig,
  CredentialTable,
  type Verb,
} from "./credentials.ts"
export type { ApiDeps, Asked, Health, PublishedLog, Searcher } from "./deps.ts"
export { checkExposure, type Exposure, isLoopback } from "./exposure.ts"
export {
  createMetrics,
  type Metrics,
  type MetricsOptions,
  TIERS,
  type Tier,
  WATCHED_GAUGES,
} from "./metrics.ts"
export { formatPasswordHash, hashPassword } from "./password.ts"
export { type ApiServer, createApi } from "./server.ts"
export { type TlsConfig, TlsFiles } from "./tls.ts"
