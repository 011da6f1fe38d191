import { CATALOGUE, type CatalogueRow } from "./catalogue-table.ts"

/**
 * What the built-in API groups of Kubernetes hold, as far as lint needs it: policies accept any text, so only this list
 * can tell a resource that is spelt wrong from one of a custom resource definition. Groups that are not here are never
 * judged.
 */
const ROWS: readonly CatalogueRow[] = [
  ...CATALOGUE,
  // Served by metrics-server, which nearly every cluster has.
  ["metrics.k8s.io", "pods", "n", ""],
  ["metrics.k8s.io", "nodes", "c", ""],
]

const BY_NAME = new Map(ROWS.map((row) => [`${row[0]}/${row[1]}`, row]))
const GROUPS = new Set(ROWS.map(([group]) => group))

export function isBuiltInGroup(group: string): boolean {
  return GROUPS.has(group)
}

export function isKnownResource(group: string, resource: string): boolean {
  return BY_NAME.has(`${group}/${resource}`)
}

/** Known and without a namespace. `namespaces` requests have the object's own name as their namespace. */
export function isClusterScoped(group: string, resource: string): boolean {
  return BY_NAME.get(`${group}/${resource}`)?.[2] === "c"
}

/** Empty where the resource is not known. */
export function subresourcesOf(group: string, resource: string): readonly string[] {
  return (BY_NAME.get(`${group}/${resource}`)?.[3] ?? "").split(" ").filter((name) => name !== "")
}

/** Groups that have it today; those that only had it once come last. */
export function groupsWith(resource: string): readonly string[] {
  const groups = [...GROUPS].filter((group) => isKnownResource(group, resource))
  const rank = (group: string) => (removedIn(group, resource) === undefined ? 0 : 1)
  return groups.sort((a, b) => rank(a) - rank(b))
}

export function resourcesOf(group: string): readonly string[] {
  return ROWS.filter((row) => row[0] === group).map(([, resource]) => resource)
}

/** The release whose API server no longer has it, as minor version of 1.x, and what came instead. */
export type Removed = { readonly minor: number; readonly instead: string }

const POD_SECURITY = "Pod Security Admission (labels of namespaces)"
const INSTEAD: Readonly<Record<string, string>> = {
  "policy/podsecuritypolicies": POD_SECURITY,
  "extensions/podsecuritypolicies": POD_SECURITY,
  "extensions/ingresses": "networking.k8s.io",
  "extensions/daemonsets": "apps",
  "extensions/deployments": "apps",
  "extensions/replicasets": "apps",
  "extensions/networkpolicies": "networking.k8s.io",
  "extensions/replicationcontrollers": 'the core group (group: "")',
  "resource.k8s.io/resourceclasses": "deviceclasses",
}

export function removedIn(group: string, resource: string): Removed | undefined {
  const minor = BY_NAME.get(`${group}/${resource}`)?.[4]
  return minor === undefined
    ? undefined
    : { minor, instead: INSTEAD[`${group}/${resource}`] ?? "nothing of its kind" }
}

/** Verbs of requests for resources; a method outside HTTP's usual ones gives "". */
export const RESOURCE_VERBS = [
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy", ""],
] as const
/** Verbs of requests for URLs are the methods in lower case. */
export const URL_VERBS = [
  "get",
  "head",
  "post",
  "put",
  "patch",
  "delete",
  "options",
  "connect",
  "trace",
] as const
/** Verbs that only RBAC has: nothing is requested with them. */
export const AUTHORIZATION_VERBS = [
  "impersonate",
  "bind",
  "escalate",
  "approve",
  "sign",
  "attest",
  "use",
] as const
export const READ_VERBS = ["get", "list", "watch"] as const
export const WRITE_VERBS = ["create", "update", "patch", "delete", "deletecollection"] as const

/** Subresources that act on the outside world, give credentials or change how much runs; by group and resource. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  "/pods": ["exec", "attach", "portforward", "proxy", "ephemeralcontainers", "eviction"],
  "/services": ["proxy"],
  "/nodes": ["proxy"],
  "/serviceaccounts": ["token"],
  "apps/deployments": ["scale"],
  "apps/replicasets": ["scale"],
  "apps/statefulsets": ["scale"],
  "certificates.k8s.io/certificatesigningrequests": ["approval"],
}

/** What the bare resource's name does not match, and matters. */
export function tellingSubresources(group: string, resource: string): readonly string[] {
  return TELLING[`${group}/${resource}`] ?? []
}
