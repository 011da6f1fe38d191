/**
 * Kubernetes audit policy, decided exactly as kube-apiserver decides it. Pure: no files, no clock.
 *
 *     decide(policy, { ...attributesOf("GET", "/api/v1/secrets"), user: "alice", groups: [] }).level
 *
 * `loadPolicy` refuses what the server would refuse; `lint` never throws and tells what the server does not: rules that
 * never decide (with a request that shows it), credentials in bodies, names that match nothing. A lint rule is a file in
 * rules/ and a line in rules/index.ts. `reachOfRules` and `decidersOf` answer by reasoning over sets of requests.
 */
export { type Covered, coverageOf, isCovered } from "./coverage.ts"
export { compilePolicy, conditionsOf, type Decide, decide } from "./decide.ts"
export { type Difference, diffPolicies } from "./diff.ts"
export type { Drift } from "./drift.ts"
export { applyEdit, type Edit } from "./edit.ts"
export { type Explanation, explain } from "./explain.ts"
export { type Finding, type LintRule, SEVERITIES, type Severity } from "./finding.ts"
export { ACTORS, levelTable, VERB_COLUMNS } from "./level-table.ts"
export { compareFindings, type LintOptions, lint, lintYaml, withoutSuppressed } from "./lint.ts"
export {
  decodePolicyYaml,
  type LoadedPolicy,
  loadPolicy,
  readPolicy,
  readPolicyYaml,
  type UnknownKey,
} from "./load.ts"
export {
  type Attributes,
  type Decision,
  type GroupResources,
  LEVELS,
  type Level,
  type Policy,
  type PolicyRule,
  type RequestInfo,
  STAGES,
  type Stage,
} from "./policy.ts"
export { parsePolicyText } from "./policy-text.ts"
export { timeText } from "./event-time.ts"
export { PRESETS, type Preset } from "./presets/index.ts"
export { PROTECTED, type Protected } from "./protected.ts"
export { type Decider, decidersOf, type Reach, reachOfRules } from "./reach.ts"
export { attributesOf, isLongRunning } from "./request-info.ts"
export { formatRequest, formatResource, parseResource, requestOf } from "./request-text.ts"
export { createSightingReader, type Sighting } from "./sighting.ts"
export { LINT_RULES } from "./rules/index.ts"
export {
  formatPolicyErrors,
  type KubernetesVersion,
  NEWEST,
  type PolicyError,
  validatePolicy,
} from "./validate.ts"
