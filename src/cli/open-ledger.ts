import { isThere } from "../base/is-there.ts"
import { pause } from "../base/loop.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { isFull } from "../journal/disk.ts"
import { readSigner } from "../seal/keys.ts"
import { type LedgerOptions, type OpenLedger, openLedger } from "../seal/ledger.ts"
import { openRemembered, rememberedFolder } from "../seal/remember.ts"
import type { Signer } from "../tlog/signer.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf } from "./config-paths.ts"
import { type Advice, toldHolder } from "./holder.ts"
import { ledgerSigner } from "./ledger-signer.ts"

type Heard = Pick<LedgerOptions, "owners" | "onSync" | "onSealed" | "onTrouble" | "onFatal">

/** How soon it is tried again to open a ledger for which there is no room. */
const AGAIN_MS = 1_000

/**
 * The configured ledger, as soon as the disk has room for what a start writes: a full one heals without anybody starting
 * the server again. Told once.
 */
export async function openWithRoom(config: ConfigType, world: World, heard: Heard): Promise<OpenLedger> {
  for (let told = false; ; told = true) {
    try {
      return await openConfiguredLedger(config, world, heard)
    } catch (error) {
      if (!isFull(error) || world.stop.aborted) throw toldHolder(error, config.dir, askOrStop)
      const why = `the disk has no room to open ${config.dir}; it is tried again every second`
      if (!told) heard.onTrouble?.(new Refusal("journal.unavailable", why, {}, error))
      await pause(AGAIN_MS, world.stop)
    }
  }
}

const askOrStop: Advice = ({ pid, url }) => {
  const kill = pid === undefined ? "stop it" : `stop it (kill ${pid})`
  return url === undefined ? `wait for its end, or ${kill}` : `go to that one, or ${kill}`
}

/** The public half of the configured key: what this ledger's checkpoints are checked with. */
export function verifierKeyOf(config: ConfigType): string {
  return formatVerifierKey(readSigner(keyFileOf(config)))
}

/** The key of the configured ledger; its name is the ledger's origin. Refuses as {@link ledgerSigner} does. */
export function openLedgerKey(config: ConfigType): Signer<"ed25519"> {
  try {
    return ledgerSigner(config)
  } catch (error) {
    throw toldRotation(error, keyFileOf(config))
  }
}

/** The configured ledger, for writing. Must be closed. Refuses as `openLedger` and `readSigner` do. */
export async function openConfiguredLedger(
  config: ConfigType,
  world: World,
  heard: Heard,
): Promise<OpenLedger> {
  const { journal, seal } = config
  try {
    return await openLedger(config.dir, {
      signer: ledgerSigner(config),
      clock: world.clock,
      remembered: openRemembered(rememberedFolder(world.env)),
      journal: { queueBytesMax: journal.queueBytesMax, usedShareMax: journal.diskUsePercentMax / 100 },
      seal: { recordsMax: seal.recordsMax, bytesMax: seal.bytesMax },
      ...heard,
    })
  } catch (error) {
    throw toldRotation(error, keyFileOf(config))
  }
}

/** After a rotation that was interrupted the log, or the name of the file, may be ahead of the key: how to go on, not how to make one. */
function toldRotation(error: unknown, keyFile: string): unknown {
  if (!isRefusal(error, "key.unknown") && !isRefusal(error, "key.unreadable")) return error
  if (!isThere(`${keyFile}.next`)) return error
  const message = `${error.message}; a rotation was interrupted: tallystick keys rotate completes it, with ${keyFile}.next`
  return new Refusal(error.code, message, error.facts, error)
}
