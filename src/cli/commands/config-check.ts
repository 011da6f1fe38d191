import { isRefusal } from "../../base/refusal.ts"
import { type Command, EXIT } from "../command.ts"
import { checkFiles, type FilesFound } from "../config-files.ts"
import { CONFIG_FLAGS, type ConfigFinding, checkConfig } from "../config-load.ts"
import { escapeText, jsonLine, paintFor } from "../terminal.ts"

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
    const { findings, warnings } = await found()
    if (options.json === true) world.stdout.write(jsonLine({ ok: findings.length === 0, findings, warnings }))
    else {
      const paint = paintFor(world.stdout, world.env)
      for (const finding of findings) world.stdout.write(`${textOf(finding)}\n`)
      for (const finding of warnings) world.stdout.write(`${paint.yellow("warning:")} ${textOf(finding)}\n`)
      if (findings.length === 0) world.stdout.write("ok: nothing to correct\n")
    }
    return findings.length === 0 ? EXIT.fine : EXIT.bad

    async function found(): Promise<FilesFound> {
      try {
        const { loaded, findings } = await checkConfig(options, world)
        if (findings.length > 0 || loaded === undefined) return { findings, warnings: [] }
        return await checkFiles(loaded, world.clock())
      } catch (error) {
        // Here a text that is no YAML is the answer, not a reason for none.
        if (!isRefusal(error, "yaml.malformed")) throw error
        return { findings: [{ where: "", key: "", message: error.message }], warnings: [] }
      }
    }
  },
}

function textOf({ where, message }: ConfigFinding): string {
  return escapeText(where === "" ? message : `${where}: ${message}`)
}
