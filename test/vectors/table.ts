import { LOGSQL_VECTORS } from "./logsql.ts"
import { POLICY_VECTORS } from "./policy.ts"
import type { VectorRow } from "./row.ts"
import { TLOG_VECTORS } from "./tlog.ts"

/** Which file of the vectors is run by what. The first row that matches a path decides. */
export const VECTORS: readonly VectorRow[] = [...TLOG_VECTORS, ...LOGSQL_VECTORS, ...POLICY_VECTORS]
