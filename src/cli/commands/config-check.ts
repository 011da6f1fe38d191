import { isRefusal } from "../../base/refusal.ts"
import { type Command, EXIT } from "../command.ts"
import { checkFiles } from "../config-files.ts"
import { CONFIG_FLAGS, checkConfig } from "../config-load.ts"
import { escapeText, jsonLine } from "../terminal.ts"

export const configCheck: Command = {
  name: "config check",
  summary: "Check the configuration and name everything to correct, with its place. Changes nothing.",
  arguments: [],
  options: CONFIG_FLAGS,
  examples: [
    "tallystick config check",
    "tallystick config check --config /etc/tallystick/tallystick.yaml --json",
  ],
  async run(_args, options, world) {
    const findings = await findingsOf()
    if (options.json === true) world.stdout.write(jsonLine({ ok: findings.length === 0, findings }))
    else if (findings.length === 0) world.stdout.write("ok: nothing to correct\n")
    else {
      for (const { where, message } of findings) {
        world.stdout.write(`${escapeText(where === "" ? message : `${where}: ${message}`)}\n`)
      }
    }
    return findings.length === 0 ? EXIT.fine : EXIT.bad

    async function findingsOf() {
      try {
        const { loaded, findings } = await checkConfig(options, world)
        return findings.length > 0 || loaded === undefined ? findings : await checkFiles(loaded)
      } catch (error) {
        // Here a text that is no YAML is the answer, not a reason for none.
        if (isRefusal(error, "yaml.malformed")) return [{ where: "", key: "", message: error.message }]
        throw error
      }
    }
  },
}
