import { type Command, EXIT } from "../command.ts"
import { VERSION } from "../version.ts"
import { jsonLine } from "../terminal.ts"

export const version: Command = {
  name: "version",
  summary: "Print the version of Tallystick and of the Node it runs on.",
  arguments: [],
  options: [],
  examples: ["tallystick version --json"],
  async run(_args, options, world) {
    const facts = {
      tallystick: VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    }
    const text = Object.entries(facts).map(([name, value]) => `${name} ${value}\n`)
    world.stdout.write(options.json === true ? jsonLine(facts) : text.join(""))
    return EXIT.fine
  },
}
