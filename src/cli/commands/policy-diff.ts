import { type Difference, diffPolicies } from "../../policy/diff.ts"
import { formatRequest } from "../../policy/request-text.ts"
import { type Command, EXIT } from "../command.ts"
import { KUBERNETES_FLAG, readPolicyOf } from "../policy-file.ts"
import { escapeText, jsonLine } from "../terminal.ts"

export const policyDiff: Command = {
  name: "policy diff",
  summary: "Show which requests two policies treat differently. Exit code 1 when there are any.",
  arguments: [
    { name: "before", description: "policy, or - for standard input" },
    { name: "after", description: "the policy to compare it with" },
  ],
  options: [KUBERNETES_FLAG],
  examples: ["tallystick policy diff audit-policy.yaml audit-policy-new.yaml"],
  async run([before = "", after = ""], options, world) {
    const read = async (path: string) => (await readPolicyOf(path, options, world)).policy
    const differences = diffPolicies(await read(before), await read(after))
    if (options.json === true) world.stdout.write(jsonLine({ differences }))
    else if (differences.length === 0) world.stdout.write("same: every request is treated alike\n")
    else for (const difference of differences) world.stdout.write(textOf(difference))
    return differences.length === 0 ? EXIT.fine : EXIT.bad
  },
}

function textOf({ before, after, pattern, witness }: Difference): string {
  const side = ({ level, rule, omitStages, omitManagedFields }: Difference["before"]) =>
    [
      `${level} (${rule === undefined ? "no rule" : `rule ${rule + 1}`})`,
      ...(omitStages.length === 0 ? [] : [`without ${omitStages.join(", ")}`]),
      ...(omitManagedFields ? ["without managedFields"] : []),
    ].join(" ")
  const lines = [
    pattern === "" ? "any other request" : pattern,
    `  before: ${side(before)}`,
    `  after:  ${side(after)}`,
    `  for example: ${formatRequest(witness)}`,
  ]
  return lines.map((line) => `${escapeText(line)}\n`).join("")
}
