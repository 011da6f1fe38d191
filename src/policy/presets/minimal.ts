import type { Preset } from "./preset.ts"

export const minimal: Preset = {
  name: "minimal",
  summary: "Who did what, everywhere, without bodies and without the noise of the machinery.",
  text: `# Metadata of everything but machinery. The smallest policy that still answers "who did that?".
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
  # Everything else: who did what to which object, and the answer's code.
  - level: Metadata
`,
}
