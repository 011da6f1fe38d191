import { isRefusal } from "../base/refusal.ts"
import { parseYamlDocuments, type YamlPath, type YamlText } from "../base/yaml.ts"
import {
  compareFindings,
  type Finding,
  type LintOptions,
  lint,
  lintYaml,
  NEWEST,
  withoutSuppressed,
} from "../policy/index.ts"
import { type Embedded, embeddedText, embeddedValue } from "./embedded.ts"
import { type FileFound, findingOf } from "./file-finding.ts"
import { readServers } from "./read-server.ts"
import { checkServer } from "./server-checks.ts"
import { withoutTemplate } from "./template.ts"
import { isMap, listAt, mapAt, webhookFindingsOf } from "./webhook-config.ts"

export type FileLintOptions = LintOptions & {
  /** Events per second that come: then too small a throughput is told. */
  readonly rate?: number
}

/**
 * What is wrong with a policy, or with a file that holds one or configures a kube-apiserver: Talos machine configuration,
 * static pod, kubeadm, k3s, RKE2, kind, webhook kubeconfig, Helm values. Never throws on any text.
 */
export function lintFile(text: string, options: FileLintOptions = {}): readonly Finding[] {
  return lintDocuments(documentsIn(text), text, options)
}

/** As {@link lintFile}, for who has read the text already. */
export function lintDocuments(read: FileRead, text: string, options: FileLintOptions): readonly Finding[] {
  if (read.kind === "policy") return lint(text, options, read.yaml)
  const { documents, plain, policies } = read
  const found = [
    ...policies.flatMap(({ yaml }) => lintYaml(yaml, text, options)),
    ...aroundPolicies(documents, plain, options).map(findingOf),
  ]
  return withoutSuppressed(found, text).sort(compareFindings)
}

/** What a file turns out to be. A policy alone, or nothing that is known: to be read as a policy. */
export type FileRead =
  | { readonly kind: "policy"; readonly yaml?: YamlText }
  | {
      readonly kind: "around"
      readonly documents: readonly YamlText[]
      /** The text without what only a template engine reads. */
      readonly plain: string
      readonly policies: readonly Embedded[]
    }

export function documentsIn(text: string): FileRead {
  const plain = withoutTemplate(text)
  let documents: readonly YamlText[]
  try {
    documents = parseYamlDocuments(plain, "file")
  } catch (error) {
    if (isRefusal(error, "yaml.malformed")) return { kind: "policy" }
    throw error
  }
  const [first] = documents
  const alone: FileRead =
    first === undefined || plain !== text ? { kind: "policy" } : { kind: "policy", yaml: first }
  if (first === undefined || isPolicy(first.value)) return alone
  const policies = policiesIn(documents, plain)
  const known =
    policies.length > 0 ||
    documents.some((yaml) => readServers(yaml, plain).length > 0 || isWebhookConfig(yaml))
  return known ? { kind: "around", documents, plain, policies } : alone
}

/** Every policy in the documents, however deep. */
export function policiesIn(documents: readonly YamlText[], text: string): readonly Embedded[] {
  return documents.flatMap((yaml) => [...policiesBelow(yaml, [], yaml.value, text)])
}

function isPolicy(value: unknown): boolean {
  if (!isMap(value)) return false
  const { apiVersion, kind } = value
  return (
    (typeof apiVersion === "string" && apiVersion.startsWith("audit.k8s.io/")) ||
    (kind === "Policy" && "rules" in value)
  )
}

/** A policy deeper than this is nobody's: Helm values nest a handful of levels. */
const DEPTH_MAX = 24

function* policiesBelow(yaml: YamlText, path: YamlPath, value: unknown, text: string): Generator<Embedded> {
  if (path.length > DEPTH_MAX) return
  if (typeof value === "string") {
    if (!/^apiVersion:\s*["']?audit\.k8s\.io\//m.test(value)) return
    const inner = embeddedText(yaml, path, text)
    if (inner !== undefined && isPolicy(inner.yaml.value)) yield inner
  } else if (isPolicy(value) || isTalosPolicy(yaml.value, path, value)) {
    yield embeddedValue(yaml, path, text)
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield* policiesBelow(yaml, [...path, Array.isArray(value) ? Number(key) : key], item, text)
    }
  }
}

/** What stands where Talos takes a policy is one, whatever it lacks. */
function isTalosPolicy(root: unknown, path: YamlPath, value: unknown): boolean {
  const at = path.join(".")
  return (
    isMap(value) &&
    (at === "cluster.apiServer.auditPolicy" ||
      (at === "configuration" && mapAt(root).kind === "KubeAuditPolicyConfig"))
  )
}

function aroundPolicies(
  documents: readonly YamlText[],
  text: string,
  options: FileLintOptions,
): readonly FileFound[] {
  const { kubernetes = NEWEST, rate } = options
  const server = documents.flatMap((yaml) =>
    readServers(yaml, text).flatMap(({ server, found }) => [
      ...found,
      ...checkServer(server, { kubernetes, ...(rate === undefined ? {} : { rate }) }),
    ]),
  )
  return [
    ...server,
    ...documents.filter(isWebhookConfig).flatMap(webhookFindingsOf),
    ...talosFindings(documents),
  ]
}

function isWebhookConfig({ value }: YamlText): boolean {
  return (
    isMap(value) &&
    value.kind === "Config" &&
    listAt(value, "clusters").length + listAt(value, "users").length > 0
  )
}

function talosFindings(documents: readonly YamlText[]): readonly FileFound[] {
  const machine = documents.find(({ value }) => isMap(value) && ("machine" in value || "cluster" in value))
  const field = machine !== undefined && "auditPolicy" in mapAt(machine.value, "cluster", "apiServer")
  const document = documents.find(({ value }) => mapAt(value).kind === "KubeAuditPolicyConfig")
  const worker = machine !== undefined && mapAt(machine.value, "machine").type === "worker"
  const found: FileFound[] = []
  const path = ["cluster", "apiServer", "auditPolicy"]
  if (field) {
    found.push({
      ...{ rule: "flag-deprecated", severity: "info", place: machine.placeOf(path) },
      message: "cluster.apiServer.auditPolicy is deprecated in newer Talos",
      fix: "a document of its own: apiVersion: v1alpha1, kind: KubeAuditPolicyConfig, configuration: {…}",
    })
  }
  if (field && document !== undefined) {
    found.push({
      ...{ rule: "talos-policy-twice", severity: "error", place: document.placeOf([]) },
      message: "the policy also stands in cluster.apiServer.auditPolicy",
      fix: "keep one of them",
    })
  }
  if (worker && (field || document !== undefined)) {
    const place = document?.placeOf([]) ?? machine.placeOf(path)
    found.push({
      ...{
        rule: "talos-worker",
        severity: "error",
        place,
        message: "machine.type is worker: no kube-apiserver runs there",
      },
      fix: "move it to the configuration of control plane nodes",
    })
  }
  return found
}
