import type { VectorRow } from "./row.ts"

export const POLICY_VECTORS: readonly VectorRow[] = [
  { pattern: /^(policy|requestinfo)/, outside: "no runner yet" },
]
