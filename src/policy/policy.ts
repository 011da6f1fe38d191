/** An audit.k8s.io/v1 Policy as kube-apiserver holds it after decoding, and the request attributes it is asked about. */

/** Ordered from least to most. */
export const LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const
export type Level = (typeof LEVELS)[number]

export const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const
export type Stage = (typeof STAGES)[number]

/** Resources of one API group. An empty `resources` means every resource and subresource of the group. */
export type GroupResources = {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

/** One rule. An empty list always holds. `level` may be text that validation has yet to refuse. */
export type PolicyRule = {
  readonly level: Level
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly GroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly Stage[]
  /** Absent: the policy's. */
  readonly omitManagedFields?: boolean
}

export type Policy = {
  readonly rules: readonly PolicyRule[]
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

/**
 * What a policy may look at. `user` is the authenticated one, never the impersonated; it is absent after a failed
 * authentication (401), which is not the same as an empty name.
 */
export type Attributes = RequestInfo & { readonly user?: string; readonly groups?: readonly string[] }

/** What kube-apiserver makes of a method and URL (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go). */
export type RequestInfo = {
  readonly isResourceRequest: boolean
  /** Decoded path, without the query. */
  readonly path: string
  /** Empty for methods without a verb on resources, such as OPTIONS. */
  readonly verb: string
  readonly apiGroup: string
  readonly apiVersion: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
}

/** How a request is treated. `rule` is the index of the rule that matched; absent when none did. */
export type Decision = {
  readonly level: Level
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
  readonly rule?: number
}
