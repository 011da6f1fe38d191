import type { Preset } from "./preset.ts"

export const forensic: Preset = {
  name: "forensic",
  summary:
    "Requests and answers of every change, metadata of every read; nothing but probes is left out. Large.",
  text: `# To reconstruct what happened: bodies of every change with their answers, every read by name. Expect several times
# the volume of cis.
apiVersion: audit.k8s.io/v1
kind: Policy
# Of a request that is answered, RequestReceived says nothing more; ResponseStarted stays: it is all there is of a 401.
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  # Probes, many times a second.
  - level: None
    nonResourceURLs: [/healthz, "/healthz/*", /livez, "/livez/*", /readyz, "/readyz/*", /version]
  # Bodies would be credentials: who and when, not what.
  - level: Metadata
    resources:
      - {group: "", resources: [secrets, configmaps, serviceaccounts/token]}
      - {group: authentication.k8s.io, resources: [tokenreviews]}
  # Ways into containers and around the network. Any verb: exec over WebSocket is a get, proxy takes every method.
  - level: Request
    resources:
      - group: ""
        resources:
          [pods/exec, pods/attach, pods/portforward, pods/proxy, pods/ephemeralcontainers, pods/eviction, services/proxy, nodes/proxy]
  # Every change, with the object as it came and as it was stored.
  - level: RequestResponse
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [pods, services, serviceaccounts, namespaces, nodes, persistentvolumes, persistentvolumeclaims]}
      - {group: "", resources: [replicationcontrollers, resourcequotas, limitranges, endpoints]}
      - group: apps
      - group: batch
      - group: autoscaling
      - group: rbac.authorization.k8s.io
      - group: admissionregistration.k8s.io
      - group: apiextensions.k8s.io
      - group: apiregistration.k8s.io
      - group: certificates.k8s.io
      - group: networking.k8s.io
      - group: gateway.networking.k8s.io
      - group: policy
      - group: storage.k8s.io
      - group: scheduling.k8s.io
  # Everything else: who did what to which object, and the answer's code.
  - level: Metadata
`,
}
