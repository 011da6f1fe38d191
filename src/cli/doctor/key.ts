import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { isRefusal } from "../../base/refusal.ts"
import { readSigner } from "../../seal/keys.ts"
import { openNote } from "../../tlog/note.ts"
import { bad, type Check, fine } from "./check.ts"

export const key: Check = {
  name: "key",
  about: "the log key is there and is the one that signed the ledger's checkpoint",
  async run({ config, keyFile }) {
    try {
      const signer = readSigner(keyFile)
      const note = await readFile(join(config.dir, "log/checkpoint"), "utf8").catch(() => undefined)
      if (note === undefined)
        return [bad(`${config.dir} has no checkpoint`, "tallystick init makes a ledger; check dir before")]
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
  },
}
