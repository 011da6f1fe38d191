import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { openLog } from "../log.ts"

export const serveCommand: Command = {
  name: "serve",
  summary: "Receive, seal and search, until a signal asks to stop. The ledger must be there: see init.",
  arguments: [],
  options: [...CONFIG_FLAGS],
  examples: ["tallystick serve --config /etc/tallystick.yaml", "tallystick serve --dir /var/lib/tallystick"],
  async run(_args, options, world) {
    const { config } = await loadConfig(options, world)
    const { serve } = await import("../serve.ts")
    const log = openLog({
      level: config.log.level,
      terminal: world.stderr,
      env: world.env,
      clock: world.clock,
    })
    await serve({
      config,
      load: async () => (await loadConfig(options, world)).config,
      world,
      log,
      announce: (urls) => world.stdout.write(urls.map((url) => `listening on ${url}\n`).join("")),
    })
    return EXIT.fine
  },
}
