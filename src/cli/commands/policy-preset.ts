import { nearest } from "../../base/nearest.ts"
import { Refusal } from "../../base/refusal.ts"
import { PRESETS } from "../../policy/presets/index.ts"
import { type Command, EXIT } from "../command.ts"
import { jsonLine } from "../terminal.ts"

const NAME_WIDTH = Math.max(...PRESETS.map(({ name }) => name.length))

export const policyPreset: Command = {
  name: "policy preset",
  summary: "List or show policies to start from. Lint finds nothing in them, and they pass policy coverage.",
  arguments: [
    { name: "action", description: "list or show" },
    { name: "name", description: "which one to show", optional: true },
  ],
  choices: [
    { word: "list", summary: "what each is for" },
    { word: "show", summary: "the text of one" },
  ],
  options: [],
  examples: ["tallystick policy preset list", "tallystick policy preset show cis > audit-policy.yaml"],
  async run([action = "", name], options, world) {
    if (action === "list" && name === undefined) {
      if (options.json === true) world.stdout.write(jsonLine({ presets: PRESETS }))
      else
        for (const { name, summary } of PRESETS) world.stdout.write(`${name.padEnd(NAME_WIDTH)} ${summary}\n`)
      return EXIT.fine
    }
    if (action !== "show")
      throw new Refusal("usage", "expected policy preset list, or policy preset show <name>")
    const preset = PRESETS.find((known) => known.name === name)
    if (preset === undefined) throw unknown(name)
    world.stdout.write(options.json === true ? jsonLine(preset) : preset.text)
    return EXIT.fine
  },
}

function unknown(name: string | undefined): Refusal {
  const known = PRESETS.map((preset) => preset.name)
  const meant = name === undefined ? undefined : nearest(name, known)
  const hint = meant === undefined ? `expected one of ${known.join(", ")}` : `did you mean ${meant}?`
  return new Refusal("usage", name === undefined ? `${hint}` : `no preset ${JSON.stringify(name)}; ${hint}`)
}
