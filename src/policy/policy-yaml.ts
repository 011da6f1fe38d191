import type { PolicyRule } from "./policy.ts"

/** A rule as YAML, its first line with a dash; names are quoted wherever YAML could read them as something else. */
export function formatRule(rule: PolicyRule, indent = 0, comment?: string): string {
  const { level, users, userGroups, verbs, resources, namespaces, nonResourceURLs, omitStages } = rule
  const list = (name: string, values: readonly string[]): readonly string[] =>
    values.length === 0 ? [] : [`${name}: [${values.map(quoted).join(", ")}]`]
  const groups = resources.flatMap(({ group, resources: names, resourceNames }) => [
    `  - group: ${quoted(group)}`,
    ...list("    resources", names),
    ...list("    resourceNames", resourceNames),
  ])
  const keys = [
    `level: ${level}`,
    ...list("users", users),
    ...list("userGroups", userGroups),
    ...list("verbs", verbs),
    ...(groups.length === 0 ? [] : ["resources:", ...groups]),
    ...list("namespaces", namespaces),
    ...list("nonResourceURLs", nonResourceURLs),
    ...list("omitStages", omitStages),
  ]
  const pad = " ".repeat(indent)
  const lines = keys.map((key, i) => `${pad}${i === 0 ? "- " : "  "}${key}`)
  return [...(comment === undefined ? [] : [`${pad}# ${comment}`]), ...lines]
    .map((line) => `${line}\n`)
    .join("")
}

/** JSON's strings are YAML's, but for what YAML cannot hold raw. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9]*(?:[-/.][a-z0-9]+)*$/.test(text) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/.test(text)
    ? text
    : JSON.stringify(text).replaceAll(
        /[\u007f-\u009f\u2028\u2029\ufeff]/g,
        (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
}
