import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { OpenLedger } from "../seal/ledger.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { type Advice, stopIt, toldHolder } from "./holder.ts"
import { openConfiguredLedger } from "./open-ledger.ts"
import { escapeText } from "./terminal.ts"

/** The ledger of the configuration, where no server holds it. Refuses `ledger.locked` with who does, and the advice. */
export async function openUnserved(
  config: ConfigType,
  world: World,
  {
    onTrouble,
    advice = stopIt,
  }: { readonly onTrouble: (trouble: Refusal) => void; readonly advice?: Advice },
): Promise<OpenLedger> {
  try {
    return await openConfiguredLedger(config, world, {
      onTrouble,
      onFatal: (error) => {
        throw error
      },
    })
  } catch (error) {
    throw toldHolder(error, config.dir, advice)
  }
}

/**
 * Does it with the ledger, or where a server holds that, by way of the server, which is told on standard error. What is no
 * server is waited for by a person, not by us.
 */
export async function unservedOrThrough<T>(
  world: World,
  alone: () => Promise<T>,
  through: (server: string) => Promise<T>,
): Promise<T> {
  try {
    return await alone()
  } catch (error) {
    const server = isRefusal(error, "ledger.locked") ? error.facts.server : undefined
    if (typeof server !== "string") throw error
    world.stderr.write(`tallystick: a server holds the ledger; going through it: ${escapeText(server)}\n`)
    return await through(server)
  }
}
