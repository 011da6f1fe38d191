import { isRefusal, Refusal } from "../base/refusal.ts"
import { readSigner } from "../seal/keys.ts"
import { type OpenLedger, openLedger } from "../seal/ledger.ts"
import { openRemembered, rememberedFolder } from "../seal/remember.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf, serverUrlOf } from "./config-paths.ts"

/** The ledger of the configuration, where no server holds it. */
export async function openUnserved(
  config: ConfigType,
  world: World,
  onTrouble: (trouble: Refusal) => void,
): Promise<OpenLedger> {
  try {
    return await openLedger(config.dir, {
      signer: readSigner(keyFileOf(config)),
      clock: world.clock,
      remembered: openRemembered(rememberedFolder(world.env)),
      seal: { recordsMax: config.seal.recordsMax, bytesMax: config.seal.bytesMax },
      onTrouble,
      onFatal: (error) => {
        throw error
      },
    })
  } catch (error) {
    if (!isRefusal(error, "ledger.locked")) throw error
    const server = serverUrlOf(config).href
    throw new Refusal("ledger.locked", `a server holds ${config.dir}; go through it with --server ${server}`)
  }
}
