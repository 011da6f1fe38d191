import { resolve } from "node:path"
import { newKey, readSigner, writeKey } from "../../seal/keys.ts"
import { formatVerifierKey } from "../../tlog/verifier-key.ts"
import { type Command, EXIT } from "../command.ts"
import { jsonLine } from "../terminal.ts"

export const keysNew: Command = {
  name: "keys new",
  summary: "Make the key of a ledger that does not exist yet. Never writes over a file.",
  arguments: [
    {
      name: "origin",
      description: "name of the ledger, as in ledger.example.com/prod: a host and path of yours",
    },
    { name: "file", description: "where the key goes; only its owner may read it" },
  ],
  options: [],
  examples: ["tallystick keys new ledger.example.com/prod /etc/tallystick/log.key"],
  async run([origin = "", file = ""], options, world) {
    const path = resolve(world.cwd, file)
    writeKey(path, newKey(origin))
    const vkey = formatVerifierKey(readSigner(path))
    if (options.json === true) world.stdout.write(jsonLine({ file: path, origin, vkey }))
    else world.stdout.write(`made ${path}; the public key, for whoever verifies:\n${vkey}\n`)
    return EXIT.fine
  },
}
