/**
 * LogsQL, the query language of VictoriaLogs, over the ledger's records. Pure: text in, tree and SQL out; the pipes run in
 * memory too. `search/` runs plans.
 *
 *     const query = parseQuery('verb:=delete user.username:i(admin) _time:1d | stats by (objectRef.resource) count() n')
 *     formatQuery(query) // one text per meaning, as VictoriaLogs prints it
 *     runPipes("sort by (n desc) | limit 3", rows)
 *
 * A filter, pipe or stats function is a file in filters/, pipes/ or stats/ and a line in its index. What we cannot run is
 * refused with `query.unsupported`, what nobody can read with `query.malformed`; both say where. Nothing is ignored.
 */
export { type Compat, toLogsql, understandQuery } from "./habits/index.ts"
export { canLiveTail } from "./live.ts"
export { parseQuery } from "./parse.ts"
export { formatQuery } from "./print.ts"
export type { Row } from "./row.ts"
export { runPipes } from "./run.ts"
export type { Query } from "./tree.ts"
