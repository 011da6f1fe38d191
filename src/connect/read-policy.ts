import { Refusal } from "../base/refusal.ts"
import { formatYaml } from "../base/yaml.ts"
import { type KubernetesVersion, type LoadedPolicy, readPolicy, readPolicyYaml } from "../policy/index.ts"
import type { Embedded } from "./embedded.ts"
import { documentsIn } from "./lint-file.ts"

/** `text` is what the server reads: the file, or the part of it that is the policy. */
export type PolicyRead = LoadedPolicy & { readonly text: string }

/** Of several policies in one file, so many are named; a machine configuration has two at most. */
const NAMED_MAX = 10

/**
 * The one policy of a file, alone or inside any other that {@link lintFile} reads; places are those in the file. Refuses
 * `policy.illegal` where the server would not start with it, and `policy.notOne` where the file holds none or several.
 */
export function readPolicyFile(text: string, kubernetes: KubernetesVersion, name = "file"): PolicyRead {
  const read = documentsIn(text)
  if (read.kind === "policy") return { ...readPolicy(text, kubernetes, read.yaml), text }
  const [first, second] = read.policies
  if (first === undefined) {
    const what = "it configures a kube-apiserver or a webhook, and holds no audit policy"
    throw new Refusal("policy.notOne", `${name}: ${what}`)
  }
  if (second !== undefined) {
    const named = read.policies.slice(0, NAMED_MAX).map(whereOf).join(", ")
    const more = read.policies.length > NAMED_MAX ? ", …" : ""
    throw new Refusal(
      "policy.notOne",
      `${name} holds ${read.policies.length} audit policies, expected one: ${named}${more}`,
    )
  }
  return { ...readPolicyYaml(first.yaml, kubernetes), text: textOf(first) }
}

/** The text that stands in another; of a policy that hangs in it as a value, its YAML: nobody wrote a text of it. */
function textOf({ text, isText, yaml }: Embedded): string {
  return isText ? text : formatYaml(yaml.value)
}

function whereOf({ path, yaml }: Embedded): string {
  const { line } = yaml.placeOf([])
  return path.length === 0 ? `line ${line}` : `${path.join(".")} (line ${line})`
}
