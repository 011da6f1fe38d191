import { join } from "node:path"
import { isThere } from "../base/is-there.ts"
import { Refusal } from "../base/refusal.ts"
import { readSigner } from "../seal/keys.ts"
import type { Signer } from "../tlog/signer.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf } from "./config-paths.ts"

/** What the configured ledger is written with. Refuses `ledger.missing`, and as `readSigner` does. */
export function ledgerSigner(config: ConfigType): Signer<"ed25519"> {
  // Before the key, which is missing too where there is no ledger: a new key would be the wrong advice.
  if (!isThere(join(config.dir, "log", "checkpoint"))) {
    throw new Refusal("ledger.missing", `${config.dir} holds no ledger: there is no log/checkpoint`)
  }
  return readSigner(keyFileOf(config))
}
