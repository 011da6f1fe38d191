import assert from "node:assert/strict"
import { test } from "node:test"
import { ACTOR_KINDS, ACTOR_RULES, type ActorKind, actorKind } from "./actor.ts"

const SA = "system:serviceaccount:"
const names: [kind: ActorKind, username: string | undefined, groups: readonly string[], why: string][] = [
  ["anonymous", undefined, [], "a 401 has no user"],
  ["anonymous", "", [], "a 401 has no user"],
  ["anonymous", "system:anonymous", ["system:unauthenticated"], "no credentials"],
  ["anonymous", "system:anonymous", ["system:masters"], "rights given to nobody are still nobody's"],
  ["anonymous", "somebody", ["system:unauthenticated"], "a proxy names whom nobody authenticated"],

  ["human", "alice", ["devs", "system:authenticated"], "a plain name"],
  ["human", "alice@example.com", [], "OIDC with email"],
  ["human", "oidc:alice", [], "OIDC with a prefix"],
  ["human", "https://issuer.example.com#alice", [], "OIDC without a prefix"],
  ["human", "kubernetes-admin", ["kubeadm:cluster-admins"], "kubeadm's admin.conf"],
  ["human", "kubernetes-super-admin", ["system:masters"], "kubeadm's super-admin.conf"],
  ["human", "kube-admin", ["system:masters"], "RKE"],
  ["human", "minikube-user", ["system:masters"], "minikube"],
  ["human", "masterclientx", [], "nearly AKS' name"],
  ["human", "admin", ["system:masters"], "Talos' kubeconfig, k0s"],
  ["human", "system:admin", ["system:masters"], "k3s and OpenShift hand it to people"],
  ["human", "kube:admin", ["system:cluster-admins"], "OpenShift's kubeadmin"],
  ["human", "arn:aws:iam::123456789012:user/alice", [], "EKS, IAM user"],
  ["human", "arn:aws:sts::123456789012:assumed-role/Admin/alice", [], "EKS, assumed role"],
  ["human", "cluster-admin", [], "EKS access entry"],
  ["human", "11111111-2222-3333-4444-555555555555", [], "AKS with Entra: an object id"],
  ["human", "IAM#alice@example.com", [], "IBM Cloud"],
  ["human", "u-abcde12345", [], "Rancher"],
  ["human", "serviceaccount:ci", [], "no reserved prefix"],
  ["human", "system", [], "the word, not the prefix"],
  ["human", "eksadmin", [], "not EKS' reserved prefix"],
  ["human", "constructor", [], "no name is special to JavaScript"],

  ["controlplane", "system:apiserver", ["system:masters"], "kube-apiserver's own loops"],
  ["controlplane", "system:kube-controller-manager", [], "before it uses service accounts"],
  ["controlplane", "system:kube-scheduler", [], "scheduler"],
  ["controlplane", "system:cloud-controller-manager", [], "cloud controller manager"],
  ["controlplane", "system:aggregator", [], "front proxy of old clusters"],
  ["controlplane", "front-proxy-client", [], "kubeadm's front proxy"],
  ["controlplane", "kube-apiserver-kubelet-client", ["kubeadm:cluster-admins"], "kubeadm"],
  ["controlplane", "kube-apiserver-etcd-client", [], "kubeadm"],
  ["controlplane", "apiserver-kubelet-client", [], "Talos"],
  ["controlplane", "system:konnectivity-server", [], "GKE and others: reserved prefix"],
  ["controlplane", "system:gcp-controller-manager", [], "GKE"],
  ["controlplane", "system:k3s-supervisor", ["system:masters"], "k3s"],
  ["controlplane", "eks:cluster-bootstrap", ["system:masters"], "EKS reserves eks:"],
  ["controlplane", "eks:node-manager", [], "EKS"],
  ["controlplane", "eks:addon-manager", [], "EKS"],
  ["controlplane", "aks:support", [], "AKS"],
  ["controlplane", "aksService", ["system:masters"], "AKS"],
  ["controlplane", "masterclient", ["system:masters"], "AKS"],

  ["node", "system:node:worker-1", ["system:nodes", "system:authenticated"], "kubelet"],
  ["node", "system:node:ip-10-0-0-1.eu-west-1.compute.internal", [], "kubelet on EKS, groups not logged"],
  ["node", "worker-1", ["system:nodes"], "the group makes a node"],
  ["node", "system:bootstrap:abcdef", ["system:bootstrappers"], "kubeadm join"],
  ["node", "joiner", ["system:bootstrappers"], "another way to join"],
  ["node", "system:kube-proxy", [], "one per node"],
  ["node", "kubelet-bootstrap", [], "clusters built by hand"],
  ["node", "nodeclient", [], "AKS' kubelet"],
  ["node", "system:k3s-controller", [], "k3s agents"],

  [
    "controller",
    `${SA}kube-system:deployment-controller`,
    ["system:serviceaccounts"],
    "a loop of the manager",
  ],
  ["controller", `${SA}kube-system:attachdetach-controller`, [], "a loop"],
  ["controller", `${SA}kube-system:service-account-controller`, [], "a loop"],
  ["controller", `${SA}kube-system:generic-garbage-collector`, [], "named otherwise"],
  ["controller", `${SA}kube-system:horizontal-pod-autoscaler`, [], "named otherwise"],
  ["controller", `${SA}kube-system:persistent-volume-binder`, [], "named otherwise"],
  ["controller", `${SA}kube-system:root-ca-cert-publisher`, [], "named otherwise"],
  ["controller", `${SA}kube-system:token-cleaner`, [], "named otherwise"],
  ["controller", `${SA}kube-system:aws-load-balancer-controller`, [], "put there by who owns kube-system"],
  ["controller", "system:controller:replication-controller", [], "very old managers"],

  [
    "serviceaccount",
    `${SA}ci:deployer`,
    ["system:serviceaccounts", "system:serviceaccounts:ci"],
    "a workload",
  ],
  ["serviceaccount", `${SA}default:default`, [], "the default account"],
  ["serviceaccount", `${SA}kube-system:coredns`, [], "an addon that only reads"],
  ["serviceaccount", `${SA}kube-system:kube-proxy`, [], "kubeadm runs it as a DaemonSet's account"],
  ["serviceaccount", `${SA}evil:deployment-controller`, [], "the name proves nothing outside kube-system"],
  ["serviceaccount", `${SA}kube-system-x:deployment-controller`, [], "nor in a namespace called alike"],
  ["serviceaccount", "mapped-sa", ["system:serviceaccounts"], "a proxy renamed it"],
]
for (const [kind, username, groups, why] of names) {
  test(`${username} is ${kind}: ${why}`, () => assert.equal(actorKind(username, groups), kind))
}

test("the table is large enough, and every kind and rule is in it", () => {
  assert.ok(names.length >= 60)
  assert.deepEqual([...new Set(names.map(([kind]) => kind))].sort(), [...ACTOR_KINDS].sort())
})

test("every rule says why, and can be said in SQL", () => {
  for (const { match, why } of ACTOR_RULES) {
    assert.ok(why.length > 5)
    assert.equal(["equals", "prefix", "groups"].filter((key) => key in match).length, 1)
  }
})
