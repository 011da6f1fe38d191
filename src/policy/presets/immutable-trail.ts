import type { Preset } from "./preset.ts"

export const immutableTrail: Preset = {
  name: "immutable-trail",
  summary: "immutable-trail-as-written, mended: nothing is kept for years that is a credential.",
  text: `# What the policy of five rules is for, without its faults.
apiVersion: audit.k8s.io/v1
kind: Policy
# ResponseStarted stays: it is all there is of a failed authentication (401).
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  # Who and when, not what: bodies would be credentials.
  - level: Metadata
    resources:
      - {group: "", resources: [secrets, configmaps, serviceaccounts/token]}
      - {group: authentication.k8s.io, resources: [tokenreviews]}
  # Any verb: exec over WebSocket is a get, proxy takes every method.
  - level: Request
    resources:
      - group: ""
        resources:
          [pods/exec, pods/attach, pods/portforward, pods/proxy, pods/ephemeralcontainers, pods/eviction, services/proxy, nodes/proxy]
  # Who may do what: the object as it came and as it was stored.
  - level: RequestResponse
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [serviceaccounts]}
      - {group: rbac.authorization.k8s.io}
  # PodSecurityPolicies are gone; what takes their place are labels of namespaces, and admission.
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [namespaces]}
      - {group: admissionregistration.k8s.io}
  # Everything else.
  - level: Metadata
`,
}
