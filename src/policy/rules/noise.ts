import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"
import type { Policy } from "../policy.ts"

export const noise: LintRule = {
  name: "noise",
  severity: "info",
  summary: "A list of system users at level None that leaves out much of what it means to silence.",
  why: "users have no wildcards, and there are more than 40 built-in controllers; groups need no list",
  firing:
    "- level: None\n  users: [system:serviceaccount:kube-system:job-controller, system:serviceaccount:kube-system:ttl-controller]\n" +
    "  verbs: [get, list, watch]\n- level: Metadata",
  silent:
    '- level: None\n  userGroups: ["system:serviceaccounts:kube-system", "system:nodes"]\n  verbs: [watch]\n  resources: [{group: coordination.k8s.io, resources: [leases]}, {group: "", resources: [nodes]}]\n- level: Metadata',
  *check({ policy }) {
    const silenced = new Set(policy.rules.filter((rule) => !isRecording(rule)).flatMap(({ users }) => users))
    const controllers = CONTROLLERS.map((name) => `${PREFIX}${name}`)
    const listed = controllers.filter((user) => silenced.has(user))
    if (listed.length < LISTED_MIN) return
    const rule = [...rulesOf(policy)].find(
      ({ rule }) => !isRecording(rule) && rule.users.some((user) => listed.includes(user)),
    )
    if (rule === undefined) return
    const left = CONTROLLERS.filter((name) => !silenced.has(`${PREFIX}${name}`))
    const missing = [
      ...(left.length === 0
        ? []
        : [`${left.length} built-in controllers (${left.slice(0, SHOWN_MAX).join(", ")}, …)`]),
      ...(hasGroup(policy, "system:nodes") ? [] : ["kubelets (userGroups: [system:nodes])"]),
      ...(hasLeases(policy) ? [] : ["leader election (coordination.k8s.io leases)"]),
    ]
    if (missing.length === 0) return
    yield {
      path: [...rule.path, "users"],
      message: `${ruleNumber(rule.index)} lists system users; not silenced are ${missing.join(", ")}`,
      fix: "userGroups: [system:serviceaccounts:kube-system, system:nodes] with the resources that are noise",
    }
  },
}

const PREFIX = "system:serviceaccount:kube-system:"
const LISTED_MIN = 2
const SHOWN_MAX = 3

/** Service accounts of kube-controller-manager (pkg/controller names, 1.34), with --use-service-account-credentials. */
const CONTROLLERS = (
  "attachdetach-controller bootstrap-signer certificate-controller clusterrole-aggregation-controller cronjob-controller " +
  "daemon-set-controller deployment-controller device-taint-eviction-controller disruption-controller endpoint-controller " +
  "endpointslice-controller endpointslicemirroring-controller ephemeral-volume-controller expand-controller " +
  "generic-garbage-collector horizontal-pod-autoscaler job-controller legacy-service-account-token-cleaner " +
  "namespace-controller node-controller persistent-volume-binder pod-garbage-collector pv-protection-controller " +
  "pvc-protection-controller replicaset-controller replication-controller resource-claim-controller resourcequota-controller " +
  "root-ca-cert-publisher route-controller service-account-controller service-cidrs-controller service-controller " +
  "statefulset-controller storage-version-migrator-controller token-cleaner ttl-after-finished-controller ttl-controller " +
  "validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller"
).split(" ")

function hasGroup(policy: Policy, group: string): boolean {
  return policy.rules.some((rule) => !isRecording(rule) && rule.userGroups.includes(group))
}

function hasLeases(policy: Policy): boolean {
  return policy.rules.some(
    (rule) => !isRecording(rule) && rule.resources.some(({ group }) => group === "coordination.k8s.io"),
  )
}
