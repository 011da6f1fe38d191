/** human: a person, or whatever acts with a person's credentials. The rest acts by itself. */
export const ACTOR_KINDS = [
  "human",
  "serviceaccount",
  "node",
  "controlplane",
  "controller",
  "anonymous",
] as const
export type ActorKind = (typeof ACTOR_KINDS)[number]

/**
 * Each can be said in SQL: `name in (...)`, `starts_with(name, p) and ends_with(name, s)`,
 * `list_has_any(groups, [...])`.
 */
export type ActorMatch =
  | { readonly equals: readonly string[] }
  | { readonly prefix: string; readonly suffix?: string }
  | { readonly groups: readonly string[] }

export type ActorRule = { readonly kind: ActorKind; readonly match: ActorMatch; readonly why: string }

const KUBE_SYSTEM = "system:serviceaccount:kube-system:"

/**
 * Service accounts of kube-controller-manager's loops whose names do not end in "-controller"
 * (kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go and
 * namespace_policy.go). The other thirty, attachdetach-controller to
 * volumeattributesclass-protection-controller, do.
 */
const CONTROLLERS_NAMED_OTHERWISE = [
  "bootstrap-signer",
  "generic-garbage-collector",
  "horizontal-pod-autoscaler",
  "kube-apiserver-serving-clustertrustbundle-publisher",
  "legacy-service-account-token-cleaner",
  "persistent-volume-binder",
  "pod-garbage-collector",
  "root-ca-cert-publisher",
  "storage-version-garbage-collector",
  "token-cleaner",
]

/**
 * Who is what, first match wins. Order: nobody, then exact names of components, then nodes, then service
 * accounts from the most to the least special, then what is left of the reserved prefixes. Kubernetes
 * reserves `system:` for itself, so no ordinary authenticator hands such names to people, with the exceptions
 * listed as human.
 */
export const ACTOR_RULES: readonly ActorRule[] = [
  {
    kind: "anonymous",
    match: { equals: ["", "system:anonymous"] },
    why: "no user at all (401) or the one requests without credentials get",
  },
  { kind: "anonymous", match: { groups: ["system:unauthenticated"] }, why: "nobody was authenticated" },
  {
    kind: "human",
    match: { equals: ["system:admin"] },
    why: "the administrator's client certificate of k3s and OpenShift: handed to people",
  },
  {
    kind: "controlplane",
    match: {
      equals: [
        "system:apiserver",
        "system:kube-apiserver",
        "system:kube-controller-manager",
        "system:kube-scheduler",
        "system:cloud-controller-manager",
        "system:aggregator",
        "kube-apiserver",
        "kube-apiserver-kubelet-client",
        "kube-apiserver-etcd-client",
        "apiserver-kubelet-client",
        "front-proxy-client",
        "kubernetes-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
      ],
    },
    why: "components of the control plane by the names kubeadm, kops, Talos and Kubernetes itself give them",
  },
  {
    kind: "controlplane",
    match: { equals: ["aksService", "hcpService", "acsService", "masterclient", "readinessChecker"] },
    why: "AKS runs its managed control plane under these names",
  },
  { kind: "controlplane", match: { prefix: "eks:" }, why: "EKS reserves eks: for its managed components" },
  { kind: "controlplane", match: { prefix: "aks:" }, why: "AKS reserves aks: for its managed components" },
  {
    kind: "node",
    match: { prefix: "system:node:" },
    why: "kubelets, by the node authorizer's rule for names",
  },
  { kind: "node", match: { groups: ["system:nodes"] }, why: "the node authorizer's group" },
  {
    kind: "node",
    match: { prefix: "system:bootstrap:" },
    why: "bootstrap tokens: a machine on its way to become a node",
  },
  {
    kind: "node",
    match: { groups: ["system:bootstrappers"] },
    why: "the group of such machines, however they authenticate",
  },
  {
    kind: "node",
    match: {
      equals: [
        "system:kube-proxy",
        "kube-proxy",
        "kubelet",
        "kubelet-bootstrap",
        "nodeclient",
        "system:k3s-controller",
        "system:rke2-controller",
      ],
    },
    why: "agents that run once on every node with a certificate of their own; nodeclient is AKS' kubelet",
  },
  {
    kind: "controller",
    match: { equals: CONTROLLERS_NAMED_OTHERWISE.map((name) => KUBE_SYSTEM + name) },
    why: "loops of kube-controller-manager",
  },
  {
    kind: "controller",
    match: { prefix: KUBE_SYSTEM, suffix: "-controller" },
    why: "the other loops of kube-controller-manager, and controllers that whoever owns kube-system put there",
  },
  {
    kind: "controller",
    match: { prefix: "system:controller:" },
    why: "loops of very old controller managers",
  },
  {
    kind: "serviceaccount",
    match: { prefix: "system:serviceaccount:" },
    why: "every other service account; a name ending in -controller proves nothing outside kube-system",
  },
  {
    kind: "serviceaccount",
    match: { groups: ["system:serviceaccounts"] },
    why: "a service account under a name some proxy made",
  },
  {
    kind: "controlplane",
    match: { prefix: "system:" },
    why: "the reserved prefix, none of the above: addons and providers (system:konnectivity-server, system:gcp-controller-manager)",
  },
]
