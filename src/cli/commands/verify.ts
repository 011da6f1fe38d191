import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { Refusal } from "../../base/refusal.ts"
import type { Micros } from "../../base/time.ts"
import { parseDuration } from "../../query/number.ts"
import { checkpointOf, openRemembered, rememberedFolder } from "../../seal/remember.ts"
import type { Verdict } from "../../seal/verdict.ts"
import { verifyLedger } from "../../seal/verify.ts"
import type { Checkpoint } from "../../tlog/checkpoint.ts"
import { parseVerifierKey } from "../../tlog/verifier-key.ts"
import { type Command, EXIT, type ExitCode, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { KEY_FLAG, keysOf, QUORUM_FLAG, quorumOf, REVOKED_FLAG, revokedOf } from "../key-option.ts"
import { type Progress, progress } from "../progress.ts"
import { formatVerdict } from "../verdict-text.ts"
import { jsonLine } from "../terminal.ts"

const EXIT_OF: Readonly<Record<Verdict["answer"], ExitCode>> = {
  fine: EXIT.fine,
  tampered: EXIT.bad,
  unknown: EXIT.unable,
}

export const verify: Command = {
  name: "verify",
  summary:
    "Read a whole ledger again and tell all that is not as it was sealed. Needs no server; changes nothing.",
  arguments: [
    {
      name: "dir",
      description: "the ledger's directory (default: as the configuration says)",
      optional: true,
    },
  ],
  options: [
    ...CONFIG_FLAGS,
    KEY_FLAG,
    REVOKED_FLAG,
    QUORUM_FLAG,
    { flags: "--columns", description: "derive every typed column from the exact bytes again and compare" },
    {
      flags: "--age-max <duration>",
      description: "answer 'could not tell' when the newest block is older: 10m, 24h",
    },
    {
      flags: "--no-remember",
      description: "do not remember the checkpoint; else later runs hold the ledger to it",
    },
  ],
  examples: [
    'tallystick verify ./data --key "$(tallystick keys show --public)"',
    "tallystick verify /backup/ledger --key @ledger.vkey --key @witness.vkey --age-max 24h --json",
  ],
  async run([given], options, world) {
    const dir =
      given === undefined ? (await loadConfig(options, world)).config.dir : resolve(world.cwd, given)
    const keys = await keysOf(options, world)
    const memory = openRemembered(rememberedFolder(world.env))
    const started = world.clock()
    const shown = new Shown(world)
    const { verdict, signed } = await verifyLedger({
      dir,
      keys,
      revoked: revokedOf(options, started),
      quorum: quorumOf(options, keys),
      remembered: rememberedOf(keys, (origin) => memory.read(origin)),
      now: started,
      ...ageMax(options),
      columns: options.columns === true,
      readers: Math.max(1, availableParallelism()),
      onProgress: ({ records, of }) => shown.update(records, of),
      stop: world.stop,
    }).finally(() => shown.done())
    if (verdict.answer === "fine" && signed !== undefined && options.remember !== false) {
      await memory.remember(signed)
    }
    if (options.json === true) world.stdout.write(jsonLine(jsonOf(verdict, started)))
    else world.stdout.write(formatVerdict(verdict, started, world))
    return EXIT_OF[verdict.answer]
  },
}

/** The largest checkpoint that was accepted of a ledger that one of the keys is of. */
function rememberedOf(
  keys: readonly string[],
  read: (origin: string) => string | undefined,
): Checkpoint | undefined {
  const origins = new Set(
    keys.map((key) => parseVerifierKey(key)).flatMap((k) => (k.kind === "ed25519" ? k.name : [])),
  )
  const known = [...origins].flatMap((origin) => read(origin) ?? []).map(checkpointOf)
  return known.toSorted((a, b) => b.size - a.size)[0]
}

function ageMax(options: Options): { readonly ageMaxMicros?: Micros } {
  const text = options.ageMax
  if (typeof text !== "string") return {}
  const nanos = parseDuration(text)
  if (nanos !== undefined && nanos > 0) return { ageMaxMicros: nanos / 1000 }
  throw new Refusal(
    "time.malformed",
    `expected a duration like 10m for --age-max, saw ${JSON.stringify(text)}`,
  )
}

function jsonOf(verdict: Verdict, now: Micros): unknown {
  const newest = verdict.newest
  return {
    ...verdict,
    newest: newest === undefined ? null : new Date(newest / 1000).toISOString(),
    newestAgeSeconds: newest === undefined ? null : Math.max(0, Math.round((now - newest) / 1e6)),
  }
}

/** How far it is, once it is known how much there is. */
class Shown {
  readonly #world: World
  #progress: Progress | undefined

  constructor(world: World) {
    this.#world = world
  }

  update(done: number, total: number): void {
    const { stderr, clock } = this.#world
    this.#progress ??= progress(stderr, { total, unit: "records", clock, label: "verify" })
    this.#progress.update(done)
  }

  done(): void {
    this.#progress?.done()
  }
}
