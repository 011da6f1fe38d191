import { Refusal } from "../base/refusal.ts"
import { type KubernetesVersion, type LoadedPolicy, readPolicy, readPolicyYaml } from "../policy/index.ts"
import type { Embedded } from "./embedded.ts"
import { documentsIn } from "./lint-file.ts"

/** Of several policies in one file, so many are named; a machine configuration has two at most. */
const NAMED_MAX = 10

/**
 * The one policy of a file, alone or inside any other that {@link lintFile} reads; places are those in the file. Refuses
 * `policy.illegal` where the server would not start with it, and `policy.notOne` where the file holds none or several.
 */
export function readPolicyFile(text: string, kubernetes: KubernetesVersion, name = "file"): LoadedPolicy {
  const read = documentsIn(text)
  if (read.kind === "policy") return readPolicy(text, kubernetes, read.yaml)
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
  return readPolicyYaml(first.yaml, kubernetes)
}

function whereOf({ path, yaml }: Embedded): string {
  const { line } = yaml.placeOf([])
  return path.length === 0 ? `line ${line}` : `${path.join(".")} (line ${line})`
}
