import { type Command, EXIT, type Options } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { makeLedger } from "../make-ledger.ts"
import { jsonLine } from "../terminal.ts"

export const init: Command = {
  name: "init",
  summary: "Make a new ledger, and the keys that are not there yet. A ledger that is there is never touched.",
  arguments: [],
  options: [
    ...CONFIG_FLAGS,
    {
      flags: "--origin <origin>",
      description: "name of the ledger, for good: ledger.example.com/prod (short for --set origin=<origin>)",
    },
  ],
  examples: [
    "tallystick init --origin ledger.example.com/prod --dir /var/lib/tallystick",
    "tallystick init --config /etc/tallystick/tallystick.yaml",
  ],
  async run(_args, options, world) {
    const { origin, set = [] } = options
    const assignments = Array.isArray(set) ? set : []
    const named = origin === undefined ? assignments : [...assignments, `origin=${origin}`]
    const { config } = await loadConfig({ ...options, set: named }, world)
    const made = await makeLedger(config, world)
    if (options.json === true) {
      world.stdout.write(jsonLine({ dir: config.dir, ...made }))
    } else {
      world.stdout.write(
        [
          `made a ledger in ${config.dir}`,
          `  origin  ${made.origin}`,
          `  key     ${made.keyFile}`,
          `  public  ${made.verifierKey}`,
          "Keep the public key where the ledger's administrator cannot change it: proofs rest on it.",
          `Serve it: tallystick serve${sameFlags(options)}`,
          "",
        ].join("\n"),
      )
    }
    return EXIT.fine
  },
}

/** What leads the other commands to the same ledger, to be pasted into a shell. */
function sameFlags({ config, dir, set }: Options): string {
  const given: (readonly [flag: string, value: Options[string]])[] = [
    ["--config", config],
    ["--dir", dir],
    ...(Array.isArray(set) ? set : []).map((each: string) => ["--set", each] as const),
  ]
  return given
    .flatMap(([flag, value]) => (typeof value === "string" ? [` ${flag} ${quoted(value)}`] : []))
    .join("")
}

function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
