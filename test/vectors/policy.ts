import assert from "node:assert/strict"
import { Refusal } from "../../src/base/refusal.ts"
import {
  type Attributes,
  attributesOf,
  type Decision,
  decide,
  formatPolicyErrors,
  isLongRunning,
  loadPolicy,
  NEWEST,
  type Policy,
  type PolicyRule,
  type RequestInfo,
  validatePolicy,
} from "../../src/policy/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

type PolicyCase = { readonly name: string } & (
  | { kind: "evaluate"; policy: GivenPolicy; request: Attributes; expect: Omit<Decision, "rule"> }
  | { kind: "validate"; policy: GivenPolicy; valid: boolean; errorMentions: readonly string[] }
  | { kind: "load"; policyYaml: string; valid: boolean; errorMentions: readonly string[] }
)
/** Fields that are not there are empty, as Go decodes them. */
type GivenPolicy = Partial<Omit<Policy, "rules">> & { readonly rules?: readonly GivenRule[] }
type GivenRule = Partial<Omit<PolicyRule, "resources">> & {
  readonly resources?: readonly Partial<PolicyRule["resources"][number]>[]
}

function policyOf({ rules = [], omitStages = [], omitManagedFields = false }: GivenPolicy): Policy {
  return { rules: rules.map(ruleOf), omitStages, omitManagedFields }
}

function ruleOf(given: GivenRule): PolicyRule {
  const level = "" as PolicyRule["level"] // what validation refuses as missing
  const lists = {
    users: [],
    userGroups: [],
    verbs: [],
    namespaces: [],
    nonResourceURLs: [],
    omitStages: [],
  }
  const resources = (given.resources ?? []).map((entry) => ({
    group: "",
    resources: [],
    resourceNames: [],
    ...entry,
  }))
  return { level, ...lists, ...given, resources }
}

/** The text the server would refuse it with; empty when it would start. */
function refusalOf(given: PolicyCase, kubernetes = NEWEST): string {
  if (given.kind === "evaluate") return ""
  if (given.kind === "validate") {
    const errors = validatePolicy(policyOf(given.policy), kubernetes)
    return errors.length === 0 ? "" : formatPolicyErrors(errors)
  }
  try {
    loadPolicy(given.policyYaml, kubernetes)
    return ""
  } catch (error) {
    assert.ok(error instanceof Refusal && error.code === "policy.illegal", String(error))
    return error.message
  }
}

function policyCases(file: VectorFile): VectorCase[] {
  return json<PolicyCase[]>(file).map((given) => ({
    name: given.name,
    run: () => {
      if (given.kind === "evaluate") {
        const { rule: _, ...decision } = decide(policyOf(given.policy), given.request)
        assert.deepEqual(decision, given.expect)
        return
      }
      const text = refusalOf(given)
      assert.equal(text === "", given.valid, text)
      for (const word of given.errorMentions) assert.ok(text.includes(word), `${word} in: ${text}`)
    },
  }))
}

/** Policies of error texts that the other file does not hold; what they must hold follows from the text. */
const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
const withRule = (text: string): string => `${HEAD}rules:\n- level: Metadata\n  ${text}\n`
const MORE_TEXTS: Readonly<Record<string, string>> = {
  "load/unknown kind": "apiVersion: audit.k8s.io/v1\nkind: AuditPolicy\nrules:\n- level: None\n",
  "load/v1alpha1": "apiVersion: audit.k8s.io/v1alpha1\nkind: Policy\nrules:\n- level: None\n",
  "load/other group": "apiVersion: v1\nkind: Policy\nrules:\n- level: None\n",
  "load/users as a string": `${HEAD}rules:\n- level: None\n  users: alice\n`,
  "load/omitManagedFields as a string": `${HEAD}omitManagedFields: "true"\nrules:\n- level: None\n`,
  "load/invalid level": `${HEAD}rules:\n- level: All\n`,
  "load/field names are case sensitive": `${HEAD}rules:\n- Level: None\n`,
  "load/not yaml": "[",
  "validate/more/level is case sensitive": `${HEAD}rules:\n- level: metadata\n`,
  "validate/more/group with trailing star": withRule('resources: [{group: "*.k8s.io"}]'),
  "validate/more/group with version": withRule("resources: [{group: apps/v1}]"),
  "validate/more/double star URL": withRule('nonResourceURLs: ["**"]'),
  "validate/more/namespace empty string with URL": withRule('nonResourceURLs: [/x]\n  namespaces: [""]'),
  "validate/more/stage is case sensitive": withRule("omitStages: [requestreceived]"),
  "validate/more/rule path names the index": withRule("omitStages: [x]"),
}

/** The published texts show lists as Go source, as servers up to 1.33 print them; newer ones print JSON. */
const LISTS_AS_GO = { minor: 33 }

function errorTexts({ bytes, read }: VectorFile): VectorCase[] {
  const given = new Map(
    json<PolicyCase[]>({ bytes: read("policy.json") }).map((policyCase) => [policyCase.name, policyCase]),
  )
  const lines = new TextDecoder().decode(bytes).split("\n")
  return lines.flatMap((line): VectorCase[] => {
    const [, name = "", text = ""] = /^((?:validate|load)\/.*?): (.*)$/.exec(line) ?? []
    if (name === "") return []
    const policyYaml = MORE_TEXTS[name]
    const found =
      given.get(name) ??
      (policyYaml === undefined
        ? undefined
        : ({ name, kind: "load", policyYaml, valid: false, errorMentions: [] } as const))
    if (found === undefined) return [{ name, run: () => {}, skip: "its policy is not among the vectors" }]
    return [{ name, run: () => assert.ok([refusalOf(found), refusalOf(found, LISTS_AS_GO)].includes(text)) }]
  })
}

function requestInfoCases(file: VectorFile): VectorCase[] {
  type Given = RequestInfo & { method: string; url: string; longRunning: boolean; error?: string }
  return json<Given[]>(file).map(({ method, url, longRunning, error: _, ...expected }) => ({
    name: `${method} ${url}`,
    run: () => {
      const { apiVersion, ...info } = attributesOf(method, url)
      assert.deepEqual({ ...info, apiVersion }, expected)
      assert.equal(isLongRunning({ ...info, apiVersion }), longRunning)
    },
  }))
}

export const POLICY_VECTORS: readonly VectorRow[] = [
  { pattern: /^policy\.json$/, cases: policyCases },
  { pattern: /^policy-error-texts\.txt$/, cases: errorTexts },
  { pattern: /^requestinfo\.json$/, cases: requestInfoCases },
]
