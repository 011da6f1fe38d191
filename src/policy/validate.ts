import { LEVELS, type Policy, STAGES } from "./policy.ts"

/** `rules[0].level: Required value`: path and text as kube-apiserver prints them. */
export type PolicyError = { readonly path: string; readonly text: string }

/** Which server would judge. Group `*` means any group since 1.36; before, it kept the server from starting. */
export type KubernetesVersion = { readonly minor: number }
export const NEWEST: KubernetesVersion = { minor: 36 }
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
    ...stageErrors(policy.omitStages, "omitStages"),
    ...policy.rules.flatMap((rule, index) => {
      const path = `rules[${index}]`
      return [
        ...levelErrors(rule.level, `${path}.level`),
        ...stageErrors(rule.omitStages, `${path}.omitStages`),
        ...urlErrors(rule.nonResourceURLs, `${path}.nonResourceURLs`),
        ...rule.resources.flatMap((entry) => groupErrors(entry, `${path}.resources`, kubernetes)),
        ...mixErrors(rule, `${path}.nonResourceURLs`),
      ]
    }),
  ]
}

/** One error as it is, several in brackets: how Go prints an aggregate. */
export function formatPolicyErrors(errors: readonly PolicyError[]): string {
  const texts = errors.map(({ path, text }) => `${path}: ${text}`)
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`
}

function levelErrors(level: string, path: string): PolicyError[] {
  if (level === "") return [{ path, text: "Required value" }]
  if (LEVELS.some((known) => known === level)) return []
  const supported = LEVELS.map((known) => `"${known}"`).join(", ")
  return [{ path, text: `Unsupported value: ${quote(level)}: supported values: ${supported}` }]
}

function stageErrors(stages: readonly string[], path: string): PolicyError[] {
  return stages.flatMap((stage, index) =>
    STAGES.some((known) => known === stage)
      ? []
      : [
          {
            path: `${path}[${index}]`,
            text: `Invalid value: ${quote(stage)}: allowed stages are ${STAGES.join(",")}`,
          },
        ],
  )
}

function urlErrors(urls: readonly string[], path: string): PolicyError[] {
  return urls.flatMap((url, index) => {
    if (url === "*") return []
    const at = `${path}[${index}]`
    const errors: PolicyError[] = []
    if (!url.startsWith("/")) {
      errors.push({
        path: at,
        text: `Invalid value: ${quote(url)}: non-resource URL rules must begin with a '/' character`,
      })
    }
    if (url.slice(0, -1).includes("*")) {
      const why = "non-resource URL wildcards '*' must be the final character of the rule"
      errors.push({ path: at, text: `Invalid value: ${quote(url)}: ${why}` })
    }
    return errors
  })
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`)
const SUBDOMAIN_BYTES_MAX = 253
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  `'${LABEL}(\\.${LABEL})*')`

function groupErrors(
  entry: Policy["rules"][number]["resources"][number],
  path: string,
  kubernetes: KubernetesVersion,
): PolicyError[] {
  const { group, resources, resourceNames } = entry
  const errors: PolicyError[] = []
  const anyGroup = group === "*" && kubernetes.minor >= ANY_GROUP_SINCE
  if (group !== "" && !anyGroup) {
    const invalid = (why: string) =>
      errors.push({ path: `${path}.group`, text: `Invalid value: ${quote(group)}: ${why}` })
    if (group.length > SUBDOMAIN_BYTES_MAX) invalid(`must be no more than ${SUBDOMAIN_BYTES_MAX} bytes`)
    if (!SUBDOMAIN.test(group)) invalid(SUBDOMAIN_TEXT)
  }
  if (resourceNames.length > 0 && resources.length === 0) {
    const why = "using resourceNames requires at least one resource"
    errors.push({ path: `${path}.resourceNames`, text: `Invalid value: ${goStrings(resourceNames)}: ${why}` })
  }
  return errors
}

function mixErrors(rule: Policy["rules"][number], path: string): PolicyError[] {
  const both = rule.nonResourceURLs.length > 0 && (rule.resources.length > 0 || rule.namespaces.length > 0)
  if (!both) return []
  const why = "rules cannot apply to both regular resources and non-resource URLs"
  return [{ path, text: `Invalid value: ${goStrings(rule.nonResourceURLs)}: ${why}` }]
}

/** Go's %q for the text that occurs in policies: JSON's quoting agrees for everything printable. */
function quote(text: string): string {
  return JSON.stringify(text)
}

function goStrings(texts: readonly string[]): string {
  return `[]string{${texts.map(quote).join(", ")}}`
}
