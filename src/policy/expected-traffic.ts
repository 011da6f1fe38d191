import type { Attributes } from "./policy.ts"
import { requestOf } from "./request-text.ts"

/** Requests that nearly every cluster makes all the time: where a policy records them, their absence says something. */
export type ExpectedTraffic = {
  readonly name: string
  /** One of them. */
  readonly request: Attributes
  readonly everySeconds: number
  /** The reason to expect it, and where that ends. */
  readonly because: string
  matches(attributes: Attributes): boolean
}

const LEASES = { resource: "leases", subresource: "", apiGroup: "coordination.k8s.io", verb: "update" }
const isLeaseUpdate = ({ verb, resource, apiGroup }: Attributes): boolean =>
  verb === "update" && resource === LEASES.resource && apiGroup === LEASES.apiGroup

const leader = (component: string): ExpectedTraffic => ({
  name: `lease of ${component}`,
  request: {
    ...requestOf({ ...LEASES, namespace: "kube-system", name: component }),
    ...{ user: `system:${component}`, groups: ["system:authenticated"] },
  },
  everySeconds: 2,
  because: `${component} renews its lease every 2 s; a single-node cluster without leader election does not, nor one whose provider runs it under another name`,
  matches: (attributes) => isLeaseUpdate(attributes) && attributes.user === `system:${component}`,
})

export const EXPECTED: readonly ExpectedTraffic[] = [
  leader("kube-controller-manager"),
  leader("kube-scheduler"),
  {
    name: "leases of nodes",
    request: {
      ...requestOf({ ...LEASES, namespace: "kube-node-lease", name: "node-1" }),
      ...{ user: "system:node:node-1", groups: ["system:nodes", "system:authenticated"] },
    },
    everySeconds: 10,
    because: "every kubelet renews its lease every 10 s; a cluster without nodes has none",
    matches: (attributes) =>
      isLeaseUpdate(attributes) && attributes.user?.startsWith("system:node:") === true,
  },
]
