import { resolve } from "node:path"
import { readSigner } from "../../seal/keys.ts"
import { formatVerifierKey } from "../../tlog/verifier-key.ts"
import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { keyFileOf } from "../config-paths.ts"
import { jsonLine } from "../terminal.ts"

export const keysShow: Command = {
  name: "keys show",
  summary: "Print the public key of a ledger. The private one stays where it is.",
  arguments: [
    { name: "file", description: "the key file (default: as the configuration says)", optional: true },
  ],
  options: [...CONFIG_FLAGS, { flags: "--public", description: "print the verifier key alone, for --key" }],
  examples: ["tallystick keys show", 'tallystick verify ./data --key "$(tallystick keys show --public)"'],
  async run([file], options, world) {
    const path =
      file === undefined ? keyFileOf((await loadConfig(options, world)).config) : resolve(world.cwd, file)
    const signer = readSigner(path)
    const vkey = formatVerifierKey(signer)
    if (options.json === true) {
      world.stdout.write(jsonLine({ file: path, origin: signer.name, keyId: signer.keyId, vkey }))
    } else if (options.public === true) world.stdout.write(`${vkey}\n`)
    else world.stdout.write(`file    ${path}\norigin  ${signer.name}\npublic  ${vkey}\n`)
    return EXIT.fine
  },
}
