import type { YamlPath } from "../base/yaml.ts"
import type { Edit } from "./edit.ts"
import type { LoadedPolicy } from "./load.ts"
import type { Attributes, Policy, PolicyRule } from "./policy.ts"
import type { Reach } from "./reach.ts"
import type { KubernetesVersion, PolicyError } from "./validate.ts"

/** `error`: the policy does not do what it says, or leaks. `warning`: probably not meant. `info`: good to know. */
export const SEVERITIES = ["error", "warning", "info"] as const
export type Severity = (typeof SEVERITIES)[number]

/** Something to tell the person who wrote the policy. Lines and columns count from 1. */
export type Finding = {
  /** Name of the lint rule. */
  readonly rule: string
  readonly severity: Severity
  readonly line: number
  readonly column: number
  readonly message: string
  readonly why: string
  readonly fix?: string
  /** The fix as a change of the policy's text, where it is safe. */
  readonly edit?: Edit
  /** A request that shows it. */
  readonly witness?: Attributes
}

/** What a lint rule finds; the place, the name and what is not said here come from the rule. */
export type Found = {
  readonly path: YamlPath
  readonly message: string
  readonly severity?: Severity
  readonly why?: string
  readonly fix?: string
  readonly edit?: Edit
  readonly witness?: Attributes
}

/** A policy as lint rules see it. */
export type Subject = LoadedPolicy & {
  readonly kubernetes: KubernetesVersion
  /** Of the file that holds the policy: places count in it. For rules that read comments. */
  readonly lines: readonly string[]
  readonly errors: readonly PolicyError[]
  /** Of each rule, whether it ever decides; computed once, when first asked for. */
  readonly reach: () => readonly Reach[]
}

/** One file in rules/ and one line in rules/index.ts. */
export type LintRule = {
  readonly name: string
  /** The usual severity; a finding may say another. */
  readonly severity: Severity
  /** One sentence for the list of rules. */
  readonly summary: string
  /** Why it matters; names the source of the claim where it surprises. */
  readonly why: string
  /** The rules of a policy (YAML below `rules:`, or a whole policy) that it finds fault with, and the same mended. */
  readonly firing: string
  readonly silent: string
  check(subject: Subject): Iterable<Found>
}

/** Rules with their number, as people count them, and where they stand. */
export function* rulesOf(policy: Policy): Generator<{
  readonly rule: PolicyRule
  readonly index: number
  readonly path: YamlPath
}> {
  for (const [index, rule] of policy.rules.entries()) yield { rule, index, path: ["rules", index] }
}

/** As people count: the first rule is rule 1. */
export function ruleNumber(index: number): string {
  return `rule ${index + 1}`
}

/** Whether the rule writes anything at all. */
export function isRecording(rule: PolicyRule): boolean {
  return rule.level !== "None"
}
