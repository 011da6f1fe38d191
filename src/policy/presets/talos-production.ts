import type { Preset } from "./preset.ts"

export const talosProduction: Preset = {
  name: "talos-production",
  summary:
    "talos-as-written, mended: no bodies of Secrets, every way to delete, ways into pods, failed logins.",
  text: `# What the policy of 16 rules is for, without its faults.
apiVersion: audit.k8s.io/v1
kind: Policy
# ResponseStarted stays: it is all there is of a failed authentication (401).
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  # Probes, by name: a bare star would take more.
  - level: None
    nonResourceURLs: [/healthz, "/healthz/*", /readyz, "/readyz/*", /livez, "/livez/*", /metrics, "/metrics/*", /version]
  # Leader election and node heartbeats, and the copies of events that the API keeps itself.
  - level: None
    resources:
      - {group: coordination.k8s.io, resources: [leases]}
      - {group: "", resources: [events]}
      - {group: events.k8s.io, resources: [events]}
  # Groups instead of a list of users that is never whole. Reads of what they work on, never of Secrets.
  - level: None
    userGroups: [system:nodes, system:serviceaccounts:kube-system]
    verbs: [get, list, watch]
    resources:
      - group: ""
        resources: [endpoints, namespaces, nodes, nodes/status, persistentvolumes, persistentvolumeclaims, pods, pods/status, services]
      - {group: discovery.k8s.io, resources: [endpointslices]}
      - {group: cilium.io}
  # Who and when, not what: bodies would be credentials.
  - level: Metadata
    resources:
      - {group: "", resources: [secrets, serviceaccounts/token]}
      - {group: authentication.k8s.io, resources: [tokenreviews]}
  # Any verb: exec over WebSocket is a get, proxy takes every method.
  - level: Request
    resources:
      - group: ""
        resources:
          [pods/exec, pods/attach, pods/portforward, pods/proxy, pods/ephemeralcontainers, pods/eviction, services/proxy, nodes/proxy]
  # Who may do what, certificates, where secrets come from, namespaces, what may talk to what, storage.
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - {group: "", resources: [serviceaccounts, namespaces, persistentvolumes]}
      - {group: rbac.authorization.k8s.io}
      - {group: certificates.k8s.io}
      - {group: cert-manager.io, resources: [certificates, issuers, clusterissuers]}
      - {group: external-secrets.io, resources: [externalsecrets, secretstores, clustersecretstores]}
      - {group: networking.k8s.io, resources: [networkpolicies, ingresses]}
      - {group: cilium.io, resources: [ciliumnetworkpolicies, ciliumclusterwidenetworkpolicies]}
      - {group: storage.k8s.io, resources: [storageclasses, volumeattachments]}
      - {group: ceph.rook.io, resources: [cephclusters, cephblockpools, cephfilesystems]}
      - {group: admissionregistration.k8s.io}
      - {group: apiextensions.k8s.io}
  # Everything else, workloads and GitOps among it: who did what to which object, and the answer's code.
  - level: Metadata
`,
}
