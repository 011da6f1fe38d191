import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS, formatOrigin, loadConfig } from "../config-load.ts"
import { formatConfig, publicConfig } from "../config-print.ts"
import { escapeLines, jsonLine } from "../terminal.ts"

export const configPrint: Command = {
  name: "config print",
  summary: "Print the configuration in force and where each value comes from. Secrets are masked.",
  arguments: [],
  options: CONFIG_FLAGS,
  examples: ["tallystick config print", "tallystick config print --set listen.port=9000 --json"],
  async run(_args, options, world) {
    const loaded = await loadConfig(options, world)
    if (options.json === true) {
      const origins = Object.fromEntries(
        [...loaded.origins].map(([name, origin]) => [name, formatOrigin(origin)]),
      )
      world.stdout.write(jsonLine({ config: publicConfig(loaded.config), origins }))
    } else world.stdout.write(escapeLines(formatConfig(loaded)))
    return EXIT.fine
  },
}
