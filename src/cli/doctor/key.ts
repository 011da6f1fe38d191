import { readdir, readFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { isThere } from "../../base/is-there.ts"
import { isRefusal } from "../../base/refusal.ts"
import { readSigner } from "../../seal/keys.ts"
import { unfinishedSecrets } from "../../seal/unfinished-secrets.ts"
import { openNote } from "../../tlog/note.ts"
import { redactionKeyFileOf } from "../redaction-key.ts"
import { bad, type Check, fine, type Symptom, warning } from "./check.ts"

export const key: Check = {
  name: "key",
  about:
    "the log key is there and is the one that signed the ledger's checkpoint; other private keys that lie beside it",
  async run({ config, keyFile }) {
    const redactionKey = redactionKeyFileOf(config)
    return [
      ...(await signing(config.dir, keyFile)),
      ...interrupted(keyFile),
      ...[...unfinishedSecrets(keyFile), ...unfinishedSecrets(redactionKey)].map((path) =>
        warning(`${path} is a private key that was never put into place`, `nothing uses it: rm ${path}`),
      ),
      ...(await retired(keyFile)),
    ]
  },
}

async function signing(dir: string, keyFile: string): Promise<readonly Symptom[]> {
  try {
    const signer = readSigner(keyFile)
    const note = await readFile(join(dir, "log/checkpoint"), "utf8").catch(() => undefined)
    if (note === undefined)
      return [bad(`${dir} has no checkpoint`, "tallystick init makes a ledger; check dir before")]
    openNote(note, [signer])
    return [fine(`${keyFile} signed the ledger's checkpoint (${signer.name}+${signer.keyId})`)]
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (error.code === "key.exposed") return [] // `rights` says it
    if (error.code === "key.unreadable") {
      const fix =
        "set key in the configuration, or put the key back from its backup; without it nothing more can be sealed"
      return [bad(error.message, fix)]
    }
    return [
      bad(
        `${keyFile} did not sign the ledger's checkpoint: ${error.message}`,
        "give the ledger its own key back; tallystick keys rotate is the way to a new one",
      ),
    ]
  }
}

function interrupted(keyFile: string): readonly Symptom[] {
  const nextFile = `${keyFile}.next`
  if (!isThere(nextFile)) return []
  return [
    warning(
      `a change of the log key was interrupted: ${nextFile} is there`,
      "stop the server and run tallystick keys rotate again: it goes on where it was",
    ),
  ]
}

/** Keys that were replaced still sign what looks like the ledger's past. */
async function retired(keyFile: string): Promise<readonly Symptom[]> {
  const names = await readdir(dirname(keyFile)).catch(() => [])
  const kept = names.filter((name) => name.startsWith(`${basename(keyFile)}.`) && name.endsWith(".old"))
  return kept.length === 0 ? [] : [fine(`replaced keys are kept beside it: ${kept.toSorted().join(", ")}`)]
}
