import type { Place } from "../base/yaml.ts"
import type { Finding, Severity } from "../policy/index.ts"

/** What is wrong with a configuration around a policy; `why` comes from the table of rules. */
export type FileFound = {
  readonly rule: FileRuleName
  readonly severity: Severity
  readonly place: Place
  readonly message: string
  readonly fix?: string
}

export type FileRule = {
  readonly name: string
  readonly severity: Severity
  readonly summary: string
  readonly why: string
}

/** Rules about what stands around a policy. Those that are errors keep an API server from starting, or from recording. */
export const FILE_RULES = [
  {
    name: "flag-unknown",
    severity: "error",
    summary: "An audit flag that this release of kube-apiserver does not know.",
    why: "kube-apiserver does not start with a flag that it does not know",
  },
  {
    name: "flag-value",
    severity: "error",
    summary:
      "A value that kube-apiserver refuses: an unknown mode, a size of 0, a batch limit below the event limit.",
    why: "kube-apiserver checks its audit options at start, and ends when one is wrong",
  },
  {
    name: "flag-deprecated",
    severity: "warning",
    summary: "A flag or field with a newer name.",
    why: "what is deprecated goes away, and then nothing starts with it",
  },
  {
    name: "policy-missing",
    severity: "error",
    summary: "A log path or webhook without a policy, or a policy without either.",
    why: "without --audit-policy-file nothing at all is recorded, whatever the back ends; and nothing is said about it",
  },
  {
    name: "file-not-mounted",
    severity: "error",
    summary: "A file that a flag names is under no mount of the container.",
    why: "kube-apiserver sees the host's files only through its mounts: what it cannot read keeps it from starting",
  },
  {
    name: "file-unreadable",
    severity: "error",
    summary: "A file that the user of kube-apiserver cannot read.",
    why: "a policy or webhook configuration that cannot be read keeps kube-apiserver from starting",
  },
  {
    name: "mount-type",
    severity: "error",
    summary:
      "A volume that holds the wrong kind of file: a folder mounted as File, or a log mounted read-only.",
    why: "kubelet does not start a container whose host path is not of the type it names, and a log needs a folder to write to",
  },
  {
    name: "mount-without-volume",
    severity: "error",
    summary: "A volumeMount without its volume, or a volume that nothing mounts.",
    why: "a static pod whose mounts name no volume is refused as a whole: there is no API server then",
  },
  {
    name: "log-path",
    severity: "error",
    summary: "A log path that cannot be written: outside the folder that the distribution mounts.",
    why: "the root of the container is read-only: kube-apiserver creates its log at start, and ends when it cannot",
  },
  {
    name: "log-horizon",
    severity: "warning",
    summary: "Rotation that keeps less than the number of days it names.",
    why: "files are removed by number as well as by age: whichever comes first ends them, and with them what was not sent on",
  },
  {
    name: "talos-worker",
    severity: "error",
    summary: "A policy in the configuration of a worker.",
    why: "only control plane nodes run kube-apiserver; Talos refuses the document elsewhere",
  },
  {
    name: "talos-policy-twice",
    severity: "error",
    summary: "A policy both in cluster.apiServer.auditPolicy and as KubeAuditPolicyConfig.",
    why: "Talos refuses a machine configuration with both",
  },
  {
    name: "webhook-config",
    severity: "error",
    summary: "A webhook configuration that is no kubeconfig, or names no cluster.",
    why: "kube-apiserver reads it at start, and ends when it cannot",
  },
  {
    name: "webhook-server",
    severity: "error",
    summary: "An address that events cannot be sent to.",
    why: "kube-apiserver starts, sends nothing, and loses each batch after five attempts",
  },
  {
    name: "webhook-plain-http",
    severity: "error",
    summary: "Events sent over plain http.",
    why: "client-go uses tokens and certificates only with https",
  },
  {
    name: "webhook-query",
    severity: "error",
    summary: "A query string in the address.",
    why: "kube-apiserver keeps the path of the address, and puts ?timeout=30s in place of its query",
  },
  {
    name: "webhook-cluster-dns",
    severity: "error",
    summary: "A name that only the cluster's own DNS knows.",
    why: "kube-apiserver runs in the host's network with the host's resolver",
  },
  {
    name: "webhook-truncation",
    severity: "warning",
    summary: "A webhook without truncation.",
    why: "one list of 3 MB answers makes a batch larger than receivers take; five refusals later the whole batch is lost",
  },
  {
    name: "webhook-throughput",
    severity: "warning",
    summary: "Fewer events per second can be sent than come.",
    why: "in mode batch the ceiling is queries per second × events per batch; what is beyond fills the buffer and is lost",
  },
] as const satisfies readonly FileRule[]

export type FileRuleName = (typeof FILE_RULES)[number]["name"]

export function findingOf({ rule, severity, place, message, fix }: FileFound): Finding {
  const why = FILE_RULES.find(({ name }) => name === rule)?.why ?? ""
  return { rule, severity, ...place, message, why, ...(fix === undefined ? {} : { fix }) }
}
