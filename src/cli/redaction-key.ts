import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { ifBase64, toBase64 } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { compileRedaction, DEFAULT_REDACTION, redactionNames } from "../event/redact.ts"
import type { Redaction } from "../intake/receive.ts"
import { writeSecret } from "../seal/keys.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf } from "./config-paths.ts"

const KEY_BYTES = 32

/** The file of the redaction key: configured, or `redaction.key` beside the log key. */
export function redactionKeyFileOf(config: ConfigType): string {
  return config.redaction.key ?? join(dirname(keyFileOf(config)), "redaction.key")
}

/** Makes a redaction key where there is none; never over another. True when one was made. */
export function makeRedactionKey(path: string): boolean {
  try {
    writeSecret(path, `${toBase64(randomBytes(KEY_BYTES))}\n`)
    return true
  } catch (error) {
    if (isRefusal(error, "key.exists")) return false
    throw error
  }
}

/** What is taken out of events before the journal; undefined where the configuration switches it off. Refuses `redaction.key`. */
export async function openRedaction(
  config: ConfigType,
  onRedacted: (rules: readonly string[]) => void = () => undefined,
): Promise<Redaction | undefined> {
  if (!config.redaction.enabled) return undefined
  const path = redactionKeyFileOf(config)
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Refusal("redaction.key", `cannot read the redaction key ${path}`, {}, cause)
  })
  const key = ifBase64(text.trim())
  if (key === undefined || key.length < KEY_BYTES) {
    throw new Refusal("redaction.key", `${path} does not hold ${KEY_BYTES} bytes in base64`)
  }
  return { redact: compileRedaction(rulesOf(config)), key, onRedacted }
}

/** Every name that a redacted record or a metric can carry. */
export function redactionNamesOf(config: ConfigType): readonly string[] {
  return config.redaction.enabled ? redactionNames(rulesOf(config)) : []
}

function rulesOf({ redaction }: ConfigType): typeof DEFAULT_REDACTION {
  return [...DEFAULT_REDACTION, ...redaction.rules]
}
