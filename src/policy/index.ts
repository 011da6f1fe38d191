/**
 * Kubernetes audit policy, decided exactly as kube-apiserver decides it. Pure: no files, no clock.
 *
 *     decide(policy, { ...attributesOf("GET", "/api/v1/secrets"), user: "alice", groups: [] }).level
 */
export { compilePolicy, conditionsOf, type Decide, decide } from "./decide.ts"
export { type LoadedPolicy, loadPolicy, readPolicy, type UnknownKey } from "./load.ts"
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
export { attributesOf, isLongRunning } from "./request-info.ts"
export {
  formatPolicyErrors,
  type KubernetesVersion,
  NEWEST,
  type PolicyError,
  validatePolicy,
} from "./validate.ts"
