import type { YamlPath, YamlText } from "../base/yaml.ts"
import { cannotUnmarshal, illegal, isObject, type JsonObject } from "./go-decode.ts"
import { goQuote } from "./go-quote.ts"
import { decodeMetadata } from "./metadata.ts"
import type { GroupResources, Level, Policy, PolicyRule, Stage } from "./policy.ts"
import { parsePolicyText } from "./policy-text.ts"
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

/** `read`: the same text where it was parsed already, in the dialect "kubernetes". */
export function readPolicy(
  text: string,
  kubernetes: KubernetesVersion = NEWEST,
  read?: YamlText,
): LoadedPolicy {
  return accepted(decodePolicyText(text, read), kubernetes)
}

/** As {@link readPolicy}, for a policy that stands inside another file. */
export function readPolicyYaml(yaml: YamlText, kubernetes: KubernetesVersion = NEWEST): LoadedPolicy {
  return accepted(decodePolicyYaml(yaml), kubernetes)
}

function accepted(loaded: LoadedPolicy, kubernetes: KubernetesVersion): LoadedPolicy {
  if (loaded.policy.rules.length === 0) throw illegal("loaded illegal policy with 0 rules")
  const errors = validatePolicy(loaded.policy, kubernetes)
  if (errors.length > 0) throw illegal(formatPolicyErrors(errors))
  return loaded
}

/** As {@link readPolicy}, but what only validation refuses comes through, for those who want to say more about it. */
export function decodePolicyText(text: string, read?: YamlText): LoadedPolicy {
  return decodePolicyYaml(parsePolicyText(text, read))
}

/** As {@link decodePolicyText}, for a policy that stands inside another file. */
export function decodePolicyYaml(yaml: YamlText): LoadedPolicy {
  const document = yaml.value ?? {}
  if (!isObject(document)) throw illegal(`failed decoding: ${cannotUnmarshal(document, "", "v1.Policy")}`)
  checkType(document)
  const decoder: Decoder = { unknownKeys: [] }
  const policy = decodePolicy(decoder, document)
  return { policy, unknownKeys: decoder.unknownKeys, duplicateKeys: yaml.duplicateKeys, yaml }
}

type Decoder = { readonly unknownKeys: UnknownKey[] }

/** Group and version decide which decoder runs; an absent kind is a Policy. */
function checkType({ apiVersion, kind }: JsonObject): void {
  for (const [key, value] of Object.entries({ apiVersion, kind })) {
    if (value === undefined || value === null || typeof value === "string") continue
    const why = cannotUnmarshal(value, `.${key}`, "string")
    throw illegal(`failed decoding: couldn't get version/kind; json parse error: ${why}`)
  }
  if (apiVersion === undefined || apiVersion === null || apiVersion === "") {
    throw illegal(`${NO_VERSION}Policy in policy`)
  }
  const [group = "", version = "", ...more] = groupVersion(apiVersion)
  if (more.length > 0) throw illegal(`failed decoding: unexpected GroupVersion string: ${String(apiVersion)}`)
  const name = kind === undefined || kind === null || kind === "" ? "Policy" : String(kind)
  const ours = group === "audit.k8s.io"
  if (ours && (version === "" || version === "__internal")) {
    if (OWN_KINDS.includes(name)) throw illegal(`${NO_VERSION}${name} in policy`)
    throw illegal(
      `failed decoding: no kind "${name}" is registered for the internal version of group "${group}" ${REGISTERED}`,
    )
  }
  const core = group === "" && version === "v1"
  const known =
    ours && version === "v1" ? [...OWN_KINDS, ...COMMON_KINDS, ...CORE_KINDS] : core ? CORE_KINDS : []
  if (!known.includes(name)) {
    throw illegal(
      `failed decoding: no kind ${goQuote(name)} is registered for version ${goQuote(core ? "v1" : version === "" ? group : group === "" ? version : `${group}/${version}`)} ${REGISTERED}`,
    )
  }
  if (name !== "Policy") {
    throw illegal(`failed decoding: converting (v1.${name}) to (audit.Policy): unknown conversion`)
  }
}

const REGISTERED = `in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`
const NO_VERSION = "unknown group version field audit.k8s.io/__internal, Kind="
const OWN_KINDS = ["Policy", "PolicyList", "Event", "EventList"]
/** What every group and version of the server's registers besides its own. */
const COMMON_KINDS =
  "WatchEvent ListOptions GetOptions DeleteOptions CreateOptions UpdateOptions PatchOptions".split(" ")
const CORE_KINDS = ["Status", "APIVersions", "APIGroup", "APIGroupList", "APIResourceList"]

function groupVersion(apiVersion: unknown): readonly string[] {
  const parts = String(apiVersion).split("/")
  return parts.length === 1 ? ["", ...parts] : parts
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

/**
 * Fields are read in the order of their names, as the server does: it turns YAML into JSON with sorted keys, and of
 * several wrong types it tells the first.
 */
function decodePolicy(decoder: Decoder, from: JsonObject): Policy {
  noteUnknown(decoder, from, [], POLICY_KEYS)
  for (const key of decodeMetadata(from.metadata)) decoder.unknownKeys.push({ path: ["metadata", key], key })
  return {
    omitManagedFields: boolean(from.omitManagedFields, "Policy.omitManagedFields") ?? false,
    omitStages: strings(from.omitStages, "Policy.omitStages", STAGE_LIST) as readonly Stage[],
    rules: objects(from.rules, ["Policy.rules", "[]v1.PolicyRule", "v1.PolicyRule"], (rule, index) =>
      decodeRule(decoder, rule, ["rules", index]),
    ),
  }
}

function decodeRule(decoder: Decoder, from: JsonObject, path: YamlPath): PolicyRule {
  noteUnknown(decoder, from, path, RULE_KEYS)
  const list = (key: string, type = "[]string") => strings(from[key], `PolicyRule.rules.${key}`, type)
  const level = (string(from.level, "PolicyRule.rules.level", "v1.Level") ?? "") as Level
  const namespaces = list("namespaces")
  const nonResourceURLs = list("nonResourceURLs")
  const omitManagedFields = boolean(from.omitManagedFields, "PolicyRule.rules.omitManagedFields")
  return {
    ...{ level, namespaces, nonResourceURLs },
    ...(omitManagedFields === undefined ? {} : { omitManagedFields }),
    omitStages: list("omitStages", STAGE_LIST) as readonly Stage[],
    resources: objects(from.resources, RESOURCES_TYPES, (entry, index) =>
      decodeResources(decoder, entry, [...path, "resources", index]),
    ),
    userGroups: list("userGroups"),
    users: list("users"),
    verbs: list("verbs"),
  }
}

const STAGE_LIST = "[]v1.Stage"
const RESOURCES_TYPES: ObjectTypes = [
  "PolicyRule.rules.resources",
  "[]v1.GroupResources",
  "v1.GroupResources",
]

function decodeResources(decoder: Decoder, from: JsonObject, path: YamlPath): GroupResources {
  noteUnknown(decoder, from, path, RESOURCE_KEYS)
  const at = "GroupResources.rules.resources"
  return {
    group: string(from.group, `${at}.group`, "string") ?? "",
    resourceNames: strings(from.resourceNames, `${at}.resourceNames`, "[]string"),
    resources: strings(from.resources, `${at}.resources`, "[]string"),
  }
}

function noteUnknown(decoder: Decoder, from: JsonObject, path: YamlPath, known: readonly string[]): void {
  for (const key of Object.keys(from)) {
    if (!known.includes(key)) decoder.unknownKeys.push({ path: [...path, key], key })
  }
}

type ObjectTypes = readonly [field: string, list: string, item: string]

function objects<T>(
  value: unknown,
  [field, listType, itemType]: ObjectTypes,
  decode: (item: JsonObject, index: number) => T,
): readonly T[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw illegal(`failed decoding: ${cannotUnmarshal(value, field, listType)}`)
  return value.map((item: unknown, index) => {
    if (item === null) return decode({}, index)
    if (!isObject(item)) throw illegal(`failed decoding: ${cannotUnmarshal(item, field, itemType)}`)
    return decode(item, index)
  })
}

/** A null inside a list of strings becomes "", as Go's decoder has it. */
function strings(value: unknown, field: string, type: string): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw illegal(`failed decoding: ${cannotUnmarshal(value, field, type)}`)
  return value.map((item: unknown) => string(item, field, type.slice(2)) ?? "")
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
