import { ACTORS, type LevelRow, levelTable, VERB_COLUMNS } from "../../policy/level-table.ts"
import { readPolicy } from "../../policy/load.ts"
import type { Level } from "../../policy/policy.ts"
import { type Command, EXIT } from "../command.ts"
import { KUBERNETES_FLAG, kubernetesOf, POLICY_ARGUMENT, readPolicyText } from "../policy-file.ts"
import { table } from "../terminal.ts"

export const policyShow: Command = {
  name: "policy show",
  summary: "Show the level that each resource reaches, by verb and by who asks.",
  arguments: [POLICY_ARGUMENT],
  options: [KUBERNETES_FLAG],
  examples: ["tallystick policy show audit-policy.yaml"],
  async run([file = ""], options, world) {
    const { policy } = readPolicy(await readPolicyText(file, world), kubernetesOf(options))
    const rows = levelTable(policy)
    if (options.json === true) {
      world.stdout.write(`${JSON.stringify({ actors: ACTORS, columns: VERB_COLUMNS, rows })}\n`)
      return EXIT.fine
    }
    const width = world.stdout.isTTY ? world.stdout.columns : Number.POSITIVE_INFINITY
    const columns = VERB_COLUMNS.map(({ name, verbs }) => `${name}: ${verbs.join(", ")}`)
    world.stdout.write(
      table(rows.map(shown), [{ name: "resource", whole: true }, ...ACTORS.map(({ name }) => name)], width),
    )
    world.stdout.write(
      `\nEach cell: ${columns.join(" | ")}.\n- None, M Metadata, R Request, RR RequestResponse; `,
    )
    world.stdout.write("several where verbs of a column differ. In namespace default.\n")
    return EXIT.fine
  },
}

const SHORT: Readonly<Record<Level, string>> = {
  None: "-",
  Metadata: "M",
  Request: "R",
  RequestResponse: "RR",
}

function shown({ resource, levels }: LevelRow): Record<string, string> {
  const cell = (columns: readonly (readonly Level[])[]) =>
    columns.map((found) => found.map((level) => SHORT[level]).join("/")).join(" | ")
  return {
    resource,
    ...Object.fromEntries(ACTORS.map(({ name }, actor) => [name, cell(levels[actor] ?? [])])),
  }
}
