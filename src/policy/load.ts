import { isRefusal, Refusal } from "../base/refusal.ts"
import { parseYaml, type YamlPath, type YamlText } from "../base/yaml.ts"
import type { GroupResources, Level, Policy, PolicyRule, Stage } from "./policy.ts"
import { formatPolicyErrors, type KubernetesVersion, NEWEST, validatePolicy } from "./validate.ts"

/** A key the server would ignore with a warning at most, and so widen a rule without a word. */
export type UnknownKey = { readonly path: YamlPath; readonly key: string }

export type LoadedPolicy = {
  readonly policy: Policy
  readonly unknownKeys: readonly UnknownKey[]
  /** Keys that stand twice: the server takes the last and logs a warning. */
  readonly duplicateKeys: YamlText["duplicateKeys"]
  /** Positions, for findings. */
  readonly yaml: YamlText
}

/**
 * A policy file as kube-apiserver reads it at start: refuses `policy.illegal` with upstream's text wherever the server
 * would not start. Keys it does not know are dropped, as it drops them; {@link readPolicy} tells which.
 */
export function loadPolicy(text: string, kubernetes: KubernetesVersion = NEWEST): Policy {
  return readPolicy(text, kubernetes).policy
}

export function readPolicy(text: string, kubernetes: KubernetesVersion = NEWEST): LoadedPolicy {
  const loaded = decodePolicyText(text)
  if (loaded.policy.rules.length === 0) throw illegal("loaded illegal policy with 0 rules")
  const errors = validatePolicy(loaded.policy, kubernetes)
  if (errors.length > 0) throw illegal(formatPolicyErrors(errors))
  return loaded
}

/** As {@link readPolicy}, but what only validation refuses comes through, for those who want to say more about it. */
export function decodePolicyText(text: string): LoadedPolicy {
  const yaml = parse(text)
  const document = yaml.value ?? {}
  if (!isObject(document)) throw illegal(`failed decoding: ${cannotUnmarshal(document, "", "v1.Policy")}`)
  checkType(document)
  const decoder: Decoder = { unknownKeys: [] }
  const policy = decodePolicy(decoder, document)
  return { policy, unknownKeys: decoder.unknownKeys, duplicateKeys: yaml.duplicateKeys, yaml }
}

type Decoder = { readonly unknownKeys: UnknownKey[] }
type JsonObject = { readonly [key: string]: unknown }

function parse(text: string): YamlText {
  try {
    return parseYaml(text, "policy", "kubernetes")
  } catch (error) {
    if (!isRefusal(error, "yaml.malformed")) throw error
    const { line, column, problem } = error.facts
    if (line === undefined || column === undefined) throw illegal(`failed decoding: ${error.message}`, error)
    const what = GO_YAML[String(problem)] ?? error.message.replace(/^policy:\d+:\d+: /, "")
    throw new Refusal(
      "policy.illegal",
      `failed decoding: yaml: line ${line}: ${what}`,
      { line, column },
      error,
    )
  }
}

/** What Go's reader says where ours stops, for the usual slips. */
const GO_YAML: Readonly<Record<string, string>> = {
  MISSING_CHAR: "did not find expected node content",
  TAB_AS_INDENT: "found character that cannot start any token",
}

/** Group and version decide which decoder runs; an absent kind is a Policy. */
function checkType({ apiVersion, kind }: JsonObject): void {
  if (apiVersion === undefined || apiVersion === null || apiVersion === "") {
    throw illegal("unknown group version field audit.k8s.io/__internal, Kind=Policy in policy")
  }
  const registered = `in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`
  const name = kind === undefined || kind === null || kind === "" ? "Policy" : String(kind)
  if (apiVersion !== "audit.k8s.io/v1" || !["Policy", "PolicyList", "Event", "EventList"].includes(name)) {
    throw illegal(
      `failed decoding: no kind "${name}" is registered for version "${String(apiVersion)}" ${registered}`,
    )
  }
  if (name !== "Policy") {
    throw illegal(`failed decoding: converting (v1.${name}) to (audit.Policy): unknown conversion`)
  }
}

export const POLICY_KEYS = ["apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"]
export const RULE_KEYS = [
  "level",
  "users",
  "userGroups",
  "verbs",
  "resources",
  "namespaces",
  "nonResourceURLs",
  "omitStages",
  "omitManagedFields",
]
export const RESOURCE_KEYS = ["group", "resources", "resourceNames"]

function decodePolicy(decoder: Decoder, from: JsonObject): Policy {
  noteUnknown(decoder, from, [], POLICY_KEYS)
  const rules = objects(from.rules, "Policy.rules", "[]v1.PolicyRule", "v1.PolicyRule")
  return {
    rules: rules.map((rule, index) => decodeRule(decoder, rule, ["rules", index])),
    omitStages: strings(from.omitStages, "Policy.omitStages", "[]v1.Stage") as readonly Stage[],
    omitManagedFields: boolean(from.omitManagedFields, "Policy.omitManagedFields") ?? false,
  }
}

function decodeRule(decoder: Decoder, from: JsonObject, path: YamlPath): PolicyRule {
  noteUnknown(decoder, from, path, RULE_KEYS)
  const list = (key: string, type = "[]string") => strings(from[key], `PolicyRule.rules.${key}`, type)
  const resources = objects(
    from.resources,
    "PolicyRule.rules.resources",
    "[]v1.GroupResources",
    "v1.GroupResources",
  )
  const omitManagedFields = boolean(from.omitManagedFields, "PolicyRule.rules.omitManagedFields")
  return {
    level: (string(from.level, "PolicyRule.rules.level", "v1.Level") ?? "") as Level,
    users: list("users"),
    userGroups: list("userGroups"),
    verbs: list("verbs"),
    resources: resources.map((entry, index) =>
      decodeResources(decoder, entry, [...path, "resources", index]),
    ),
    namespaces: list("namespaces"),
    nonResourceURLs: list("nonResourceURLs"),
    omitStages: list("omitStages", "[]v1.Stage") as readonly Stage[],
    ...(omitManagedFields === undefined ? {} : { omitManagedFields }),
  }
}

function decodeResources(decoder: Decoder, from: JsonObject, path: YamlPath): GroupResources {
  noteUnknown(decoder, from, path, RESOURCE_KEYS)
  const at = "GroupResources.rules.resources"
  return {
    group: string(from.group, `${at}.group`, "string") ?? "",
    resources: strings(from.resources, `${at}.resources`, "[]string"),
    resourceNames: strings(from.resourceNames, `${at}.resourceNames`, "[]string"),
  }
}

function noteUnknown(decoder: Decoder, from: JsonObject, path: YamlPath, known: readonly string[]): void {
  for (const key of Object.keys(from)) {
    if (!known.includes(key)) decoder.unknownKeys.push({ path: [...path, key], key })
  }
}

function objects(value: unknown, field: string, listType: string, itemType: string): readonly JsonObject[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw illegal(`failed decoding: ${cannotUnmarshal(value, field, listType)}`)
  return value.map((item: unknown) => {
    if (item === null) return {}
    if (!isObject(item)) throw illegal(`failed decoding: ${cannotUnmarshal(item, field, itemType)}`)
    return item
  })
}

/** A null inside a list of strings becomes "", as Go's decoder has it. */
function strings(value: unknown, field: string, type: string): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw illegal(`failed decoding: ${cannotUnmarshal(value, field, type)}`)
  return value.map((item: unknown) => string(item, field, "string") ?? "")
}

function string(value: unknown, field: string, type: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== "string") throw illegal(`failed decoding: ${cannotUnmarshal(value, field, type)}`)
  return value
}

function boolean(value: unknown, field: string): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== "boolean") throw illegal(`failed decoding: ${cannotUnmarshal(value, field, "bool")}`)
  return value
}

function cannotUnmarshal(value: unknown, field: string, type: string): string {
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value
  const into = field === "" ? `Go value of type ${type}` : `Go struct field ${field} of type ${type}`
  return `json: cannot unmarshal ${kind} into ${into}`
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function illegal(message: string, cause?: unknown): Refusal {
  return new Refusal("policy.illegal", message, {}, cause)
}
