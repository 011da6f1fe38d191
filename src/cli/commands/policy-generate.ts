import { resolve } from "node:path"
import { parseCoverageList } from "../../policy/coverage-list.ts"
import { generatePolicy } from "../../policy/generate.ts"
import { PROTECTED } from "../../policy/protected.ts"
import { type Command, EXIT } from "../command.ts"
import { writeOut } from "../new-file.ts"
import { readText } from "../read.ts"
import { jsonLine } from "../terminal.ts"

export const policyGenerate: Command = {
  name: "policy generate",
  summary: "Write the smallest policy that meets a coverage list; coverage and lint have passed it.",
  arguments: [],
  options: [
    {
      flags: "--for <file>",
      description: "what must be recorded, as policy coverage --list takes it (default: its own list)",
    },
    { flags: "--out <file>", description: "write to a new file instead of standard output" },
  ],
  examples: ["tallystick policy generate --for must-be-recorded.yaml --out audit-policy.yaml"],
  async run(_, options, world) {
    const list =
      typeof options.for === "string"
        ? parseCoverageList(await readText(resolve(world.cwd, options.for)), options.for)
        : PROTECTED
    const policy = generatePolicy(list)
    const out = typeof options.out === "string" ? options.out : undefined
    if (options.json !== true) await writeOut(out, [policy], world)
    else {
      if (out !== undefined) await writeOut(out, [policy], world)
      world.stdout.write(jsonLine({ policy, out: out ?? null }))
    }
    return EXIT.fine
  },
}
