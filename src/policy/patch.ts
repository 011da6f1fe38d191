import type { YamlText } from "../base/yaml.ts"
import type { Advice } from "./advise.ts"
import { formatRule } from "./policy-yaml.ts"
import type { PolicyRule } from "./policy.ts"

export type Patched = {
  /** The whole policy with the rules in it. */
  readonly text: string
  /** As `patch -p0` and `git apply -p0` take it. */
  readonly patch: string
}

const CONTEXT_LINES = 3

/**
 * Puts rules into a policy's text, each before the rule it names and before that rule's comments. Undefined where rules
 * are not written one below the other with dashes (a policy quoted on one line has one place for all its rules): then
 * there is no line to put them before.
 */
export function patchPolicy(
  text: string,
  yaml: YamlText,
  advised: readonly Omit<Advice, "kind">[],
  name = "policy.yaml",
): Patched | undefined {
  if (hasOnePlace(yaml)) return undefined
  const lines = text.split("\n")
  const places = new Map<number, string[]>()
  for (const before of new Set(advised.map((advice) => advice.before))) {
    const { line, column } = yaml.placeOf(["rules", before])
    const dash = lines[line - 1]?.slice(0, column - 1) ?? ""
    const indent = dash.lastIndexOf("-")
    if (indent < 0 || !/^\s*-\s+$/.test(dash)) return undefined
    let at = line - 1
    while (/^\s*#/.test(lines[at - 1] ?? "")) at--
    const rules = mergedRules(advised.filter((advice) => advice.before === before).map(({ rule }) => rule))
    const added = rules.map((rule) => formatRule(rule, indent)).join("")
    places.set(at, added.trimEnd().split("\n"))
  }
  const changed = lines.flatMap((line, at) => [...(places.get(at) ?? []), line])
  return { text: changed.join("\n"), patch: patchText(lines, places, name) }
}

function hasOnePlace(yaml: YamlText): boolean {
  const [policy, rule] = [yaml.placeOf([]), yaml.placeOf(["rules", 0])]
  return policy.line === rule.line && policy.column === rule.column
}

/** Rules that differ in their resources alone are one. */
function mergedRules(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const key = JSON.stringify([rule.users, rule.verbs, rule.resources.length > 0])
    const known = merged.get(key)
    merged.set(
      key,
      known === undefined
        ? rule
        : {
            ...known,
            resources: [...known.resources, ...rule.resources],
            nonResourceURLs: [...known.nonResourceURLs, ...rule.nonResourceURLs],
          },
    )
  }
  return [...merged.values()]
}

/** A unified diff that only adds; changes closer than their context share a hunk. */
function patchText(
  lines: readonly string[],
  places: ReadonlyMap<number, readonly string[]>,
  name: string,
): string {
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length // behind the last newline is no line
  const hunks: { from: number; to: number }[] = []
  for (const at of [...places.keys()].sort((a, b) => a - b)) {
    const from = Math.max(0, at - CONTEXT_LINES)
    const to = Math.min(count, at + CONTEXT_LINES)
    const last = hunks.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else hunks.push({ from, to })
  }
  let shift = 0
  const texts = hunks.map(({ from, to }) => {
    const body: string[] = []
    let added = 0
    for (let at = from; at < to; at++) {
      for (const line of places.get(at) ?? []) {
        body.push(`+${line}`)
        added++
      }
      body.push(` ${lines[at] ?? ""}`)
    }
    const head = `@@ -${from + 1},${to - from} +${from + 1 + shift},${to - from + added} @@`
    shift += added
    return [head, ...body].join("\n")
  })
  return `--- ${name}\n+++ ${name}\n${texts.join("\n")}\n`
}
