import { goJson, goQuote as quote } from "./go-quote.ts"
import { LEVELS, type Policy, STAGES } from "./policy.ts"

/** `rules[0].level: Required value`: path and text as kube-apiserver prints them. */
export type PolicyError = {
  readonly path: string
  readonly text: string
  /** Where it stands: upstream's paths leave out which entry of `resources` is meant. */
  readonly at: readonly (string | number)[]
}

/** Which server would judge. Group `*` means any group since 1.36; before, it kept the server from starting. */
export type KubernetesVersion = { readonly minor: number }
export const NEWEST: KubernetesVersion = { minor: 37 }
const ANY_GROUP_SINCE = 36

/**
 * Every error upstream's validation finds, in its order (k8s.io/apiserver/pkg/apis/audit/validation). It accepts a
 * policy without rules, and unknown users, verbs, groups and resources; only the loader refuses the former.
 */
export function validatePolicy(
  policy: Policy,
  kubernetes: KubernetesVersion = NEWEST,
): readonly PolicyError[] {
  return [
    ...stageErrors(policy.omitStages, ["omitStages"]),
    ...policy.rules.flatMap((rule, index) => {
      const at: At = ["rules", index]
      return [
        ...levelErrors(rule.level, [...at, "level"], kubernetes),
        ...urlErrors(rule.nonResourceURLs, [...at, "nonResourceURLs"]),
        ...rule.resources.flatMap((entry, i) =>
          groupErrors(entry, { at: [...at, "resources", i], path: `rules[${index}].resources`, kubernetes }),
        ),
        ...stageErrors(rule.omitStages, [...at, "omitStages"]),
        ...mixErrors(rule, [...at, "nonResourceURLs"], kubernetes),
      ]
    }),
  ]
}

type At = PolicyError["at"]

function errorAt(at: At, text: string): PolicyError {
  const path = at.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("")
  return { path: path.slice(1), text, at }
}

/** One error as it is, several in brackets, what is said twice once: how Go prints an aggregate. */
export function formatPolicyErrors(errors: readonly PolicyError[]): string {
  const texts = [...new Set(errors.map(({ path, text }) => `${path}: ${text}`))]
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`
}

function levelErrors(level: string, at: At, kubernetes: KubernetesVersion): PolicyError[] {
  if (level === "") return [errorAt(at, "Required value")]
  if (LEVELS.some((known) => known === level)) return []
  const supported = LEVELS.map((known) => `"${known}"`).join(", ")
  return [errorAt(at, `Unsupported value: ${goValue(level, kubernetes)}: supported values: ${supported}`)]
}

function stageErrors(stages: readonly string[], at: At): PolicyError[] {
  const allowed = `allowed stages are ${STAGES.join(",")}`
  return stages.flatMap((stage, index) =>
    STAGES.some((known) => known === stage)
      ? []
      : [errorAt([...at, index], `Invalid value: ${quote(stage)}: ${allowed}`)],
  )
}

function urlErrors(urls: readonly string[], at: At): PolicyError[] {
  return urls.flatMap((url, index) => {
    if (url === "*") return []
    const invalid = (why: string) => errorAt([...at, index], `Invalid value: ${quote(url)}: ${why}`)
    const errors: PolicyError[] = []
    if (!url.startsWith("/")) errors.push(invalid("non-resource URL rules must begin with a '/' character"))
    if (url.slice(0, -1).includes("*")) {
      errors.push(invalid("non-resource URL wildcards '*' must be the final character of the rule"))
    }
    return errors
  })
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const UTF8 = new TextEncoder()
const SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`)
const SUBDOMAIN_BYTES_MAX = 253
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  `'${LABEL}(\\.${LABEL})*')`

function groupErrors(
  { group, resources, resourceNames }: Policy["rules"][number]["resources"][number],
  { at, path, kubernetes }: { at: At; path: string; kubernetes: KubernetesVersion },
): PolicyError[] {
  const errors: PolicyError[] = []
  const invalid = (key: string, value: string, why: string) =>
    errors.push({ path: `${path}.${key}`, text: `Invalid value: ${value}: ${why}`, at: [...at, key] })
  const anyGroup = group === "*" && kubernetes.minor >= ANY_GROUP_SINCE
  if (group !== "" && !anyGroup) {
    const tooLong = UTF8.encode(group).length > SUBDOMAIN_BYTES_MAX
    const why = [
      ...(tooLong ? [`must be no more than ${SUBDOMAIN_BYTES_MAX} characters`] : []),
      ...(SUBDOMAIN.test(group) ? [] : [SUBDOMAIN_TEXT]),
    ]
    if (why.length > 0) invalid("group", quote(group), why.join(","))
  }
  if (resourceNames.length > 0 && resources.length === 0) {
    const why = "using resourceNames requires at least one resource"
    invalid("resourceNames", goValue(resourceNames, kubernetes), why)
  }
  return errors
}

function mixErrors(rule: Policy["rules"][number], at: At, kubernetes: KubernetesVersion): PolicyError[] {
  const both = rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0)
  if (!both) return []
  const why = "rules cannot apply to both regular resources and non-resource URLs"
  return [errorAt(at, `Invalid value: ${goValue(rule.nonResourceURLs, kubernetes)}: ${why}`)]
}

/** Values that are no plain text: as Go source in older servers, as JSON (with `<`, `>` and `&` escaped) in newer ones. */
function goValue(value: string | readonly string[], { minor }: KubernetesVersion): string {
  if (minor >= VALUES_AS_JSON_SINCE) return goJson(value)
  return typeof value === "string" ? quote(value) : `[]string{${value.map(quote).join(", ")}}`
}

const VALUES_AS_JSON_SINCE = 34
