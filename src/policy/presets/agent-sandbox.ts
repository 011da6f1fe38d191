import type { Preset } from "./preset.ts"

export const agentSandbox: Preset = {
  name: "agent-sandbox",
  summary:
    "For clusters that run AI agents: strong records of Jobs, Pods, bindings, admission, routes and service accounts; no bodies of reads.",
  text: `# Agents start work, ask for rights and open ways out. Strong records there, and no bodies of what they read.
# What audit does not see: commands inside containers, packets, prompts, files.
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
  # Work they start, identities and rights they get, what checks them, and ways out of the sandbox.
  - level: RequestResponse
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [pods, serviceaccounts]}
      - {group: batch, resources: [jobs, cronjobs]}
      - {group: rbac.authorization.k8s.io, resources: [roles, rolebindings, clusterroles, clusterrolebindings]}
      - group: admissionregistration.k8s.io
      - group: gateway.networking.k8s.io
      - {group: networking.k8s.io, resources: [networkpolicies, ingresses]}
      - group: agents.x-k8s.io
      - group: extensions.agents.x-k8s.io
  # The surroundings, as they were asked for.
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [namespaces, services]}
      - group: apps
      - group: certificates.k8s.io
  # Everything else: who did what to which object, and the answer's code.
  - level: Metadata
`,
}
