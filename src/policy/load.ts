import type { YamlPath, YamlText } from "../base/yaml.ts"
import type { Refusal } from "../base/refusal.ts"
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
  if (!isObject(document)) throw noVersionOrKind(cannotUnmarshal(document, "", TYPE_META))
  checkType(document)
  const decoder: Decoder = { unknownKeys: [] }
  const policy = decodePolicy(decoder, document)
  return { policy, unknownKeys: decoder.unknownKeys, duplicateKeys: yaml.duplicateKeys, yaml }
}

type Decoder = { readonly unknownKeys: UnknownKey[] }

/** Group and version decide which decoder runs; an absent kind is a Policy. */
function checkType(document: JsonObject): void {
  const [apiVersion, kind] = ["apiVersion", "kind"].map((name) => typeField(document, name))
  const [group = "", version = "", ...more] = groupVersion(
    apiVersion === "/" ? INTERNAL : apiVersion || INTERNAL,
  )
  if (more.length > 0) throw illegal(`failed decoding: unexpected GroupVersion string: ${apiVersion}`)
  const name = kind || "Policy"
  const isInternal = version === "__internal" || (version === "" && group !== "")
  const kinds = registeredKinds(group, version, isInternal)
  const type = kinds.get(name)
  if (type === undefined) {
    const where = isInternal
      ? `the internal version of group ${goQuote(group)}`
      : `version ${goQuote(group === "" ? version : `${group}/${version}`)}`
    throw illegal(`failed decoding: no kind ${goQuote(name)} is registered for ${where} ${REGISTERED}`)
  }
  if (type === "audit.Policy") throw illegal(`unknown group version field ${INTERNAL}, Kind=Policy in policy`)
  if (type !== "v1.Policy")
    throw illegal(`failed decoding: converting (${type}) to (audit.Policy): unknown conversion`)
}

/** Go's decoder finds these two whatever their case; of several the last in the order of names counts. */
function typeField(document: JsonObject, name: string): string {
  let found = ""
  for (const key of Object.keys(document).sort()) {
    const value = document[key]
    if (key.toLowerCase() !== name.toLowerCase() || value === null || value === undefined) continue
    if (typeof value !== "string") throw noVersionOrKind(cannotUnmarshal(value, `.${name}`, "string"))
    found = value
  }
  return found
}

function noVersionOrKind(why: string): Refusal {
  return illegal(`failed decoding: couldn't get version/kind; json parse error: ${why}`)
}

/** The type that each kind stands for in the server's code. */
function registeredKinds(group: string, version: string, isInternal: boolean): ReadonlyMap<string, string> {
  const kinds = new Map(CORE_KINDS.map((kind) => [kind, `v1.${kind}`]))
  if (isInternal) kinds.set("WatchEvent", "v1.InternalEvent")
  const isOurs = group === "audit.k8s.io"
  if (isInternal && isOurs) for (const kind of OWN_KINDS) kinds.set(kind, `audit.${kind}`)
  if (version !== "v1" || (group !== "" && !isOurs)) return kinds
  for (const kind of isOurs ? [...OWN_KINDS, ...COMMON_KINDS] : COMMON_KINDS) kinds.set(kind, `v1.${kind}`)
  return kinds
}

/** What the server decodes into to learn version and kind, as Go prints it. */
const TYPE_META = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`
const INTERNAL = "audit.k8s.io/__internal"
const REGISTERED = `in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`
const OWN_KINDS = ["Policy", "PolicyList", "Event", "EventList"]
/** What every group and version of the server's registers besides its own. */
const COMMON_KINDS =
  "WatchEvent ListOptions GetOptions DeleteOptions CreateOptions UpdateOptions PatchOptions".split(" ")
const CORE_KINDS = ["Status", "APIVersions", "APIGroup", "APIGroupList", "APIResourceList"]

function groupVersion(apiVersion: string): readonly string[] {
  const parts = apiVersion.split("/")
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
