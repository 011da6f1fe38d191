import { resolve } from "node:path"
import { type Covered, coverageOf, isCovered } from "../../policy/coverage.ts"
import { parseCoverageList } from "../../policy/coverage-list.ts"
import { PROTECTED } from "../../policy/protected.ts"
import { type Command, EXIT, type World } from "../command.ts"
import { KUBERNETES_FLAG, POLICY_ARGUMENT, readPolicyOf } from "../policy-file.ts"
import { readText } from "../read.ts"
import { escapeText, jsonLine, paintFor } from "../terminal.ts"

export const policyCoverage: Command = {
  name: "policy coverage",
  summary: "Check that what must be recorded is, by whoever it is asked. Exit code 1 where it is not.",
  arguments: [POLICY_ARGUMENT],
  options: [
    {
      flags: "--list <file>",
      description:
        "what must be recorded: YAML, see docs/POLICY.md (default: CIS 3.2.2 and what intruders use)",
    },
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick policy coverage audit-policy.yaml",
    "tallystick policy coverage audit-policy.yaml --list must-be-recorded.yaml --json",
  ],
  async run([file = ""], options, world) {
    const { policy } = await readPolicyOf(file, options, world)
    const list =
      typeof options.list === "string"
        ? parseCoverageList(await readText(resolve(world.cwd, options.list)), options.list)
        : PROTECTED
    const covered = coverageOf(policy, list)
    const ok = isCovered(covered)
    if (options.json === true) world.stdout.write(jsonLine({ ok, covered }))
    else for (const line of covered) show(line, world)
    return ok ? EXIT.fine : EXIT.bad
  },
}

function show({ name, lowest, highest, required, levelMax, verdict, ...found }: Covered, world: World): void {
  const paint = paintFor(world.stdout, world.env)
  const word = verdict === "covered" ? paint.green("ok   ") : paint.red(verdict.padEnd(5))
  const levels = lowest === highest ? lowest : `${lowest} to ${highest}`
  const wanted =
    levelMax === undefined
      ? `at least ${required}`
      : levelMax === required
        ? required
        : `${required} to ${levelMax}`
  const lines = [
    `${word} ${escapeText(name)}: ${levels}${verdict === "covered" ? "" : `, must be ${wanted}: ${escapeText(found.why)}`}`,
    ...found.witnesses.map(
      ({ rule, level, request }) =>
        `      ${rule === undefined ? "no rule" : `rule ${rule + 1}`}: ${level} for ${escapeText(request)}`,
    ),
    ...(found.exceptions.length === 0
      ? []
      : [
          paint.dim(
            `      but for the system users of rule ${found.exceptions.map((rule) => rule + 1).join(", ")}`,
          ),
        ]),
  ]
  for (const line of lines) world.stdout.write(`${line}\n`)
}
