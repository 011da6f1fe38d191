import { statfs } from "node:fs/promises"
import { Refusal } from "../../base/refusal.ts"
import { type Command, EXIT, type ExitCode, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { keyFileOf, serverUrlOf } from "../config-paths.ts"
import type { Patient, State, Symptom } from "../doctor/check.ts"
import { CHECKS } from "../doctor/index.ts"
import { type JournalTail, readJournalTail } from "../doctor/journal-tail.ts"
import { CA_FLAG, readCa } from "../remote.ts"
import { escapeText, jsonLine, paintFor } from "../terminal.ts"

type Found = Symptom & { readonly check: string }

export const doctor: Command = {
  name: "doctor",
  summary:
    "Look for what is wrong with the ledger, its server and its machine, and say what to do. Changes nothing.",
  arguments: [],
  options: [
    ...CONFIG_FLAGS,
    {
      flags: "--server <url>",
      description: "where the server should answer (default: as listen and tls say)",
    },
    CA_FLAG,
    {
      flags: "--silent-minutes <n>",
      description: "report an API server that sent nothing for so long",
      default: 15,
    },
  ],
  examples: [
    "tallystick doctor",
    "tallystick doctor --server https://tallystick.example.com:9628 --json",
    "tallystick doctor --server https://tallystick.example.com:9628 --ca ca.crt",
  ],
  async run(_args, options, world) {
    const patient = await patientOf(options, world)
    const found = await examine(patient)
    if (options.json === true) world.stdout.write(jsonLine({ ok: exitOf(found) === 0, found }))
    else print(found, world)
    return exitOf(found)
  },
}

/** What every check found, in their order. Checks run one after the other: they must not disturb what others measure. */
export async function examine(patient: Patient): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const check of CHECKS) {
    for (const symptom of await check.run(patient)) found.push({ check: check.name, ...symptom })
  }
  return found
}

export function exitOf(found: readonly Symptom[]): ExitCode {
  const has = (state: State) => found.some((symptom) => symptom.state === state)
  return has("bad") ? EXIT.bad : has("unknown") ? EXIT.unable : EXIT.fine
}

async function patientOf(options: Options, world: World): Promise<Patient> {
  const { config } = await loadConfig(options, world)
  const now = world.clock()
  const silentMinutes = parseMinutes(options.silentMinutes)
  const given = typeof options.server === "string" ? options.server : undefined
  let tail: JournalTail | undefined
  return {
    config,
    keyFile: keyFileOf(config),
    server: given === undefined ? serverUrlOf(config) : parseUrl(given),
    serverGiven: given !== undefined,
    ca: await readCa(options, world),
    now,
    steadyMs: () => performance.now(),
    statfs: (path) => statfs(path),
    silentMinutes,
    async tail() {
      tail ??= readJournalTail(config.dir)
      return tail
    },
    async searchEvents() {
      const { searchEvents } = await import("../doctor/searched-events.ts")
      return await searchEvents(config.dir, silentMinutes, now)
    },
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw new Refusal(
    "usage",
    `expected --server as http://host:port or https://host:port, saw ${JSON.stringify(text)}`,
  )
}

function parseMinutes(text: unknown): number {
  const minutes = Number(text)
  if (Number.isInteger(minutes) && minutes > 0) return minutes
  throw new Refusal(
    "usage",
    `expected --silent-minutes as a whole number from 1, saw ${JSON.stringify(text)}`,
  )
}

const MARKS: Readonly<Record<State, string>> = { fine: "ok", warning: "!!", bad: "no", unknown: "??" }
const INDENT = " ".repeat(17)

function print(found: readonly Found[], world: World): void {
  const paint = paintFor(world.stdout, world.env)
  const colours = { fine: paint.green, warning: paint.yellow, bad: paint.red, unknown: paint.yellow }
  for (const { check, state, saw, fix } of found) {
    world.stdout.write(`${colours[state](MARKS[state])}  ${check.padEnd(12)} ${escapeText(saw)}\n`)
    if (fix !== undefined) world.stdout.write(`${INDENT}${paint.dim(`→ ${escapeText(fix)}`)}\n`)
  }
}
