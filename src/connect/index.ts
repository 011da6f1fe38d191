/**
 * Writes and reads the configuration of others, so that they record to a ledger. Pure: texts in, texts out.
 *
 *     planConnection({ distribution: "kubeadm", policy, url: "https://ledger:8443", ca, mode: "batch", rate: 500, kubernetes })
 *
 * What would keep an API server from starting is refused with the reason; what is written is read back first, and held to
 * the same checks as what `lintFile` reads. A check is a function in server-checks.ts and a line in file-finding.ts; a
 * distribution is a writer in connect.ts and a reader in read-server.ts.
 */
export { MODE_EFFECT, MODES, type Mode, RATE_DEFAULT } from "./batch-flags.ts"
export { type Plan, planConnection } from "./connect.ts"
export type { Connection, Credential, GivenFile, OutFile } from "./connection.ts"
export { FILE_RULES } from "./file-finding.ts"
export { type Fixed, fixFile } from "./fix-file.ts"
export { type FileLintOptions, lintFile } from "./lint-file.ts"
export { FlagDrift } from "./flag-drift.ts"
export { type PolicyRead, readPolicyFile } from "./read-policy.ts"
export { type ServerCost, serverCost } from "./server-cost.ts"
export { DISTRIBUTIONS, type Distribution } from "./server.ts"
export { type AuditFlags, auditFlagsIn, ifAuditFlags } from "./server-flags.ts"
