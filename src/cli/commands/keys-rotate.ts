import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { rotateKey } from "../rotate-key.ts"
import { jsonLine } from "../terminal.ts"

export const keysRotate: Command = {
  name: "keys rotate",
  summary:
    "Replace the key of a ledger; the old one signs for the new one, in a record. Stop the server before.",
  arguments: [],
  options: CONFIG_FLAGS,
  examples: ["tallystick keys rotate --config /etc/tallystick/tallystick.yaml"],
  async run(_args, options, world) {
    const { config } = await loadConfig(options, world)
    const { older, newer, oldFile } = await rotateKey(config, world)
    if (options.json === true) world.stdout.write(jsonLine({ older, newer, oldFile }))
    else {
      world.stdout.write(
        [
          `old     ${older ?? "(put away by a rotation that was interrupted)"}`,
          `new     ${newer}`,
          ...(oldFile === undefined ? [] : [`kept    ${oldFile}; destroy it when nobody needs it`]),
          "Give the new public key to whoever verifies; both are needed for the whole history.",
          "",
        ].join("\n"),
      )
    }
    return EXIT.fine
  },
}
