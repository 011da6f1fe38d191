import type { CredentialTable } from "../api/credentials.ts"
import { checkExposure } from "../api/exposure.ts"
import type { Redaction } from "../intake/receive.ts"
import type { ConfigType } from "./config.ts"
import { CONFIG_OPTIONS_ALL, type ConfigOption } from "./config-options.ts"
import type { Log } from "./log.ts"

/**
 * A running server reads its configuration again when it is sent SIGHUP. All or nothing: what does not load or hold
 * together changes nothing and is told. Files of certificates, tokens and passwords need no signal: they are looked at
 * every ten seconds.
 */

/** What a running server takes over. Everything else waits for a restart, which loses nothing: senders repeat. */
export const LIVE = [
  "credentials",
  "redaction.rules",
  "search.rowsMax",
  "search.timeoutMs",
  "log.level",
] as const

export type ReloadPlan = {
  /** Options that differ and are taken over now. */
  readonly taken: readonly string[]
  /** Options that differ and wait for a restart. */
  readonly waiting: readonly string[]
}

export function planReload(running: ConfigType, read: ConfigType): ReloadPlan {
  const changed = CONFIG_OPTIONS_ALL.filter((option) => valueAt(running, option) !== valueAt(read, option))
  const names = changed.map(({ name }) => name)
  // Doors without any credential are other doors: which path files under which source is settled at the start.
  const opens = (running.credentials.length === 0) !== (read.credentials.length === 0)
  const isLive = (name: string) => LIVE.some((live) => live === name) && !(opens && name === "credentials")
  return { taken: names.filter(isLive), waiting: names.filter((name) => !isLive(name)) }
}

function valueAt(config: ConfigType, { path }: ConfigOption): string {
  let value: unknown = config
  for (const key of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key]
  return JSON.stringify(value) ?? ""
}

/** The options of {@link LIVE} as they are now, and the parts that follow them. */
export type Live = {
  config: ConfigType
  readonly credentials: CredentialTable
  readonly redaction: LiveRedaction | undefined
  readonly log: Log
}

/** A redaction whose rules can be others for the next event. */
export type LiveRedaction = Redaction & { become(other: Redaction): void }

export function liveRedaction(first: Redaction): LiveRedaction {
  let current = first
  return {
    get redact() {
      return current.redact
    },
    get key() {
      return current.key
    },
    onRedacted: (rules) => current.onRedacted?.(rules),
    become(other) {
      current = other
    },
  }
}

export type Reread = {
  /** Reads file, environment and flags as at the start. Refuses `config.malformed`. */
  readonly load: () => Promise<ConfigType>
  readonly openCredentials: (config: ConfigType) => Promise<CredentialTable>
  readonly openRedaction: (config: ConfigType) => Promise<Redaction | undefined>
}

/** Takes over what can be and says what was. Refuses what a start would refuse, and then changes nothing. */
export async function reload(
  live: Live,
  { load, openCredentials, openRedaction }: Reread,
): Promise<ReloadPlan> {
  const read = await load()
  const plan = planReload(live.config, read)
  const { credentials: named } = plan.taken.includes("credentials") ? read : live.config
  const credentials = await openCredentials({ ...read, credentials: named })
  const redaction =
    live.redaction && (await openRedaction({ ...live.config, redaction: rulesOf(live.config, read) }))
  const { listen, tls } = live.config
  checkExposure({ ...listen, tls: tls !== undefined, credentials })

  live.credentials.become(credentials)
  if (redaction !== undefined) live.redaction?.become(redaction)
  live.log.setLevel(read.log.level)
  const { rowsMax, timeoutMs } = read.search
  live.config = {
    ...live.config,
    credentials: named,
    redaction: rulesOf(live.config, read),
    search: { ...live.config.search, rowsMax, timeoutMs },
    log: read.log,
  }
  return plan
}

/** Switching redaction off, or another key, waits for a restart; other rules do not. */
function rulesOf(running: ConfigType, read: ConfigType): ConfigType["redaction"] {
  return { ...running.redaction, rules: read.redaction.rules }
}
