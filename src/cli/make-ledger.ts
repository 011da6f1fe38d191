import { existsSync } from "node:fs"
import { Refusal } from "../base/refusal.ts"
import { initLedger } from "../seal/init-ledger.ts"
import { newKey, readSigner, writeKey } from "../seal/keys.ts"
import { openRemembered, rememberedFolder } from "../seal/remember.ts"
import { dropUnfinishedSecrets } from "../seal/unfinished-secrets.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf } from "./config-paths.ts"
import { toldHolder } from "./holder.ts"
import { makeRedactionKey, redactionKeyFileOf } from "./redaction-key.ts"

export type MadeLedger = {
  readonly origin: string
  readonly keyFile: string
  /** To be kept where the ledger's administrator cannot change it. */
  readonly verifierKey: string
}

/**
 * Makes the keys that are not there yet and an empty ledger, whose first record says so. Explicit: a missing ledger is never
 * made by serving. Refuses `usage` without an origin, and a directory that holds a ledger.
 */
export async function makeLedger(config: ConfigType, world: World): Promise<MadeLedger> {
  const { origin, dir } = config
  if (origin === undefined)
    throw new Refusal("usage", "expected an origin: the name of this ledger, like ledger.example.com/prod")
  const keyFile = keyFileOf(config)
  dropUnfinishedSecrets(keyFile)
  if (!existsSync(keyFile)) writeKey(keyFile, newKey(origin))
  const signer = readSigner(keyFile)
  if (signer.name !== origin) {
    throw new Refusal("key.malformed", `${keyFile} is a key of ${signer.name}, not of ${origin}`)
  }
  dropUnfinishedSecrets(redactionKeyFileOf(config))
  if (config.redaction.enabled) makeRedactionKey(redactionKeyFileOf(config))
  const remembered = openRemembered(rememberedFolder(world.env))
  await initLedger(dir, { signer, clock: world.clock, remembered }).catch((error: unknown) => {
    throw toldHolder(error, dir, () => "it is a ledger already, or is being made")
  })
  return { origin, keyFile, verifierKey: formatVerifierKey(signer) }
}
