import type { Command } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { serveHere } from "../serve-here.ts"

export const serveCommand: Command = {
  name: "serve",
  summary: "Receive, seal and search, until a signal asks to stop. The ledger must be there: see init.",
  arguments: [],
  options: [...CONFIG_FLAGS],
  examples: ["tallystick serve --config /etc/tallystick.yaml", "tallystick serve --dir /var/lib/tallystick"],
  async run(_args, options, world) {
    const load = async () => (await loadConfig(options, world)).config
    const announce = (urls: readonly string[]) => urls.map((url) => `listening on ${url}\n`).join("")
    return await serveHere({ config: await load(), load, announce }, world)
  },
}
