import { text as readAll } from "node:stream/consumers"
import { formatPasswordHash, hashPassword } from "../../api/password.ts"
import { Refusal } from "../../base/refusal.ts"
import { type Command, EXIT } from "../command.ts"
import { jsonLine } from "../terminal.ts"

export const keysPassword: Command = {
  name: "keys password",
  summary: "Read a password from standard input and print its hash, for credentials[].basic.passwordScrypt.",
  arguments: [],
  options: [],
  examples: ["openssl rand -base64 24 | tee prod-1.password | tallystick keys password"],
  async run(_args, options, world) {
    if (world.stdin.isTTY === true)
      world.stderr.write("type the password, then Enter and Ctrl-D (it is shown):\n")
    const password = (await readAll(world.stdin)).replace(/\r?\n$/, "")
    if (password === "" || /[\r\n]/.test(password)) {
      throw new Refusal("usage", "expected one line with a password on standard input")
    }
    const hash = formatPasswordHash(await hashPassword(password))
    world.stdout.write(options.json === true ? jsonLine({ passwordScrypt: hash }) : `${hash}\n`)
    return EXIT.fine
  },
}
