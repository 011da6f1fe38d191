import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { isThere } from "../../base/is-there.ts"
import { readSigner } from "../../seal/keys.ts"
import type { Command, World } from "../command.ts"
import type { ConfigType } from "../config.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { keyFileOf } from "../config-paths.ts"
import { makeLedger } from "../make-ledger.ts"
import { serveHere } from "../serve-here.ts"
import { paintFor } from "../terminal.ts"

/**
 * Origin of a ledger that somebody tries out; a real one has a name of its own. Never the same twice: the checkpoints of a
 * deleted ledger are remembered, and one that follows under its name would count as cut short.
 */
const trialOrigin = (): string => `localhost/tallystick-${randomBytes(4).toString("hex")}`

/** What a start that was interrupted gave its key goes on to be the name. */
function originFor(config: ConfigType): string {
  const keyFile = keyFileOf(config)
  return config.origin ?? (isThere(keyFile) ? readSigner(keyFile).name : trialOrigin())
}

export const start: Command = {
  name: "start",
  summary: "Make a ledger where there is none, then serve it, and say how to use it. What npm start runs.",
  arguments: [],
  options: [...CONFIG_FLAGS, { flags: "--port <port>", description: "short for --set listen.port=<port>" }],
  examples: ["tallystick start", "tallystick start --dir /tmp/ledger --port 9000"],
  async run(_args, { port, ...options }, world) {
    const set = [
      ...(Array.isArray(options.set) ? options.set : []),
      ...(port === undefined ? [] : [`listen.port=${port}`]),
    ]
    const load = async () => (await loadConfig({ ...options, set }, world)).config
    const config = await load()
    if (!isThere(join(config.dir, "log", "checkpoint"))) {
      const made = await makeLedger({ ...config, origin: originFor(config) }, world)
      world.stdout.write(
        `made a ledger in ${config.dir}\n  origin  ${made.origin}\n  key     ${made.keyFile}\n`,
      )
    }
    return await serveHere({ config, load, announce: (urls) => welcome(urls, config, world) }, world)
  },
}

/** How to call this program again and where its examples are: in a clone, in a package, with npx. */
function waysFrom({ cwd, env }: World): { readonly call: string; readonly examples: string } {
  const home = resolve(import.meta.dirname, "../../..")
  const inHome = cwd === home
  const examples = inHome ? "examples" : join(home, "examples")
  if (isThere(join(home, "tallystick"))) {
    return { call: inHome ? "./tallystick" : join(home, "tallystick"), examples }
  }
  return { call: env.npm_command === "exec" ? "npx tallystick" : "tallystick", examples }
}

function welcome(urls: readonly string[], config: ConfigType, world: World): string {
  const [url = ""] = urls
  const { bold, dim } = paintFor(world.stdout, world.env)
  const lines = urls.map((each) => `listening on ${each}`)
  const dir = config.dir
  const { call, examples } = waysFrom(world)
  return `${bold(lines.join("\n"))}

${dim("send it something")}
  curl --data-binary @${examples}/first-events.json ${url}/audit/prod-1

${dim("ask it")}
  ${call} query 'objectRef.resource:=secrets | fields _time,_msg | limit 20' --server ${url}

${dim("check it: every record, block and file is hashed again")}
  ${call} verify ${dir} --key "$(${call} keys show --public --dir ${dir})"

${dim("point an API server at it: kube-apiserver --audit-webhook-config-file=webhook.yaml, and in that file")}
  apiVersion: v1
  kind: Config
  clusters: [{ name: tallystick, cluster: { server: "${url}/audit/prod-1" } }]
  contexts: [{ name: tallystick, context: { cluster: tallystick, user: "" } }]
  current-context: tallystick

${dim("stop with Ctrl-C: what was acknowledged is on disk, and stays there")}
`
}
