/**
 * What the built-in API groups of Kubernetes 1.20 to 1.36 hold, as far as lint needs it: policies accept any text, so
 * only this list can tell a resource that is spelt wrong from one of a custom resource definition.
 * Source: the OpenAPI documents of these releases. Groups that are not here are never judged.
 */
type Group = { readonly namespaced: string; readonly cluster: string }

const GROUPS: Readonly<Record<string, Group>> = {
  "": {
    namespaced:
      "bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates replicationcontrollers " +
      "resourcequotas secrets serviceaccounts services",
    cluster: "componentstatuses namespaces nodes persistentvolumes",
  },
  "admissionregistration.k8s.io": {
    namespaced: "",
    cluster:
      "mutatingwebhookconfigurations validatingwebhookconfigurations validatingadmissionpolicies " +
      "validatingadmissionpolicybindings mutatingadmissionpolicies mutatingadmissionpolicybindings",
  },
  "apiextensions.k8s.io": { namespaced: "", cluster: "customresourcedefinitions" },
  "apiregistration.k8s.io": { namespaced: "", cluster: "apiservices" },
  apps: {
    namespaced: "controllerrevisions daemonsets deployments replicasets statefulsets",
    cluster: "",
  },
  "authentication.k8s.io": { namespaced: "", cluster: "tokenreviews selfsubjectreviews" },
  "authorization.k8s.io": {
    namespaced: "localsubjectaccessreviews",
    cluster: "subjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews",
  },
  autoscaling: { namespaced: "horizontalpodautoscalers", cluster: "" },
  batch: { namespaced: "jobs cronjobs", cluster: "" },
  "certificates.k8s.io": {
    namespaced: "podcertificaterequests",
    cluster: "certificatesigningrequests clustertrustbundles",
  },
  "coordination.k8s.io": { namespaced: "leases leasecandidates", cluster: "" },
  "discovery.k8s.io": { namespaced: "endpointslices", cluster: "" },
  "events.k8s.io": { namespaced: "events", cluster: "" },
  extensions: {
    namespaced: "daemonsets deployments ingresses networkpolicies replicasets replicationcontrollers",
    cluster: "podsecuritypolicies",
  },
  "flowcontrol.apiserver.k8s.io": { namespaced: "", cluster: "flowschemas prioritylevelconfigurations" },
  "metrics.k8s.io": { namespaced: "pods", cluster: "nodes" },
  "networking.k8s.io": {
    namespaced: "ingresses networkpolicies",
    cluster: "ingressclasses ipaddresses servicecidrs",
  },
  "node.k8s.io": { namespaced: "", cluster: "runtimeclasses" },
  policy: { namespaced: "poddisruptionbudgets", cluster: "podsecuritypolicies" },
  "rbac.authorization.k8s.io": {
    namespaced: "roles rolebindings",
    cluster: "clusterroles clusterrolebindings",
  },
  "resource.k8s.io": {
    namespaced: "resourceclaims resourceclaimtemplates podschedulingcontexts",
    cluster: "deviceclasses resourceslices resourceclasses devicetaintrules",
  },
  "scheduling.k8s.io": { namespaced: "workloads podgroups", cluster: "priorityclasses" },
  "storage.k8s.io": {
    namespaced: "csistoragecapacities",
    cluster: "storageclasses volumeattachments csidrivers csinodes volumeattributesclasses",
  },
}

const NAMESPACED = new Map(
  Object.entries(GROUPS).map(([group, { namespaced }]) => [group, words(namespaced)]),
)
const CLUSTER = new Map(Object.entries(GROUPS).map(([group, { cluster }]) => [group, words(cluster)]))

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" ").filter((word) => word !== ""))
}

export function isBuiltInGroup(group: string): boolean {
  return NAMESPACED.has(group)
}

export function isKnownResource(group: string, resource: string): boolean {
  return NAMESPACED.get(group)?.has(resource) === true || isClusterScoped(group, resource)
}

/** Known and without a namespace. `namespaces` requests have the object's own name as their namespace. */
export function isClusterScoped(group: string, resource: string): boolean {
  return CLUSTER.get(group)?.has(resource) === true
}

/** Groups that have it today; those that only had it once come last. */
export function groupsWith(resource: string): readonly string[] {
  const groups = [...NAMESPACED.keys()].filter((group) => isKnownResource(group, resource))
  const rank = (group: string) => (removedIn(group, resource) === undefined ? 0 : 1)
  return groups.sort((a, b) => rank(a) - rank(b))
}

export function resourcesOf(group: string): readonly string[] {
  return [...(NAMESPACED.get(group) ?? []), ...(CLUSTER.get(group) ?? [])]
}

/** The release whose API server no longer serves it, as minor version of 1.x, and what came instead. */
export type Removed = { readonly minor: number; readonly instead: string }

const REMOVED: Readonly<Record<string, Removed>> = {
  "policy/podsecuritypolicies": { minor: 25, instead: "Pod Security Admission (labels of namespaces)" },
  "extensions/podsecuritypolicies": { minor: 16, instead: "Pod Security Admission (labels of namespaces)" },
  "extensions/ingresses": { minor: 22, instead: "networking.k8s.io" },
  "extensions/daemonsets": { minor: 16, instead: "apps" },
  "extensions/deployments": { minor: 16, instead: "apps" },
  "extensions/replicasets": { minor: 16, instead: "apps" },
  "extensions/networkpolicies": { minor: 16, instead: "networking.k8s.io" },
  "extensions/replicationcontrollers": { minor: 16, instead: 'the core group (group: "")' },
  "resource.k8s.io/podschedulingcontexts": { minor: 32, instead: "structured parameters" },
  "resource.k8s.io/resourceclasses": { minor: 31, instead: "deviceclasses" },
}

export function removedIn(group: string, resource: string): Removed | undefined {
  return REMOVED[`${group}/${resource}`]
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
