import type { Preset } from "./preset.ts"

export const cis: Preset = {
  name: "cis",
  summary:
    "CIS Kubernetes Benchmark 3.2.1 and 3.2.2: bodies of changes to what matters, metadata of credentials and of the rest.",
  text: `# After the CIS Kubernetes Benchmark, 3.2.2: Secrets, ConfigMaps and TokenReviews at Metadata only; changes of
# workloads, access and admission with their bodies; exec, port-forward and proxy always.
apiVersion: audit.k8s.io/v1
kind: Policy
# Of a request that is answered, RequestReceived says nothing more; ResponseStarted stays: it is all there is of a 401.
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  # Probes, many times a second.
  - level: None
    nonResourceURLs: [/healthz, "/healthz/*", /livez, "/livez/*", /readyz, "/readyz/*", /version]
  # Leader election and node heartbeats, and the copies of events that the API keeps itself.
  - level: None
    resources:
      - {group: coordination.k8s.io, resources: [leases]}
      - {group: "", resources: [events]}
      - {group: events.k8s.io, resources: [events]}
  # Nodes and controllers follow what they work on. Never their reads of Secrets, nor anything they write.
  - level: None
    userGroups: [system:nodes, system:serviceaccounts:kube-system]
    verbs: [get, list, watch]
    resources:
      - group: ""
        resources: [endpoints, namespaces, nodes, nodes/status, persistentvolumes, persistentvolumeclaims, pods, pods/status, services]
      - {group: discovery.k8s.io, resources: [endpointslices]}
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
  # Changes of what runs, who may do what, and what checks requests.
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - group: ""
        resources: [pods, services, serviceaccounts, namespaces, nodes, persistentvolumes, replicationcontrollers]
      - group: apps
      - group: batch
      - group: rbac.authorization.k8s.io
      - group: admissionregistration.k8s.io
      - group: apiextensions.k8s.io
      - group: apiregistration.k8s.io
      - group: certificates.k8s.io
      - group: networking.k8s.io
      - group: gateway.networking.k8s.io
      - group: policy
  # Everything else: who did what to which object, and the answer's code.
  - level: Metadata
`,
}
