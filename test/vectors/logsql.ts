import type { VectorRow } from "./row.ts"

export const LOGSQL_VECTORS: readonly VectorRow[] = [{ pattern: /^logsql-/, outside: "no runner yet" }]
