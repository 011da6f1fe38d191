import { constants } from "node:fs"
import { access } from "node:fs/promises"
import { join } from "node:path"
import { reasonOf } from "../../base/said.ts"
import { journalNames } from "../../journal/files.ts"
import { bad, type Check, fine } from "./check.ts"

export const journal: Check = {
  name: "journal",
  about: "the journal is there and can be written by this user",
  async run({ config }) {
    const folder = join(config.dir, "journal")
    try {
      const [newest] = journalNames(folder).slice(-1)
      const may = constants.R_OK | constants.W_OK
      await access(folder, may | constants.X_OK)
      if (newest !== undefined) await access(join(folder, newest), may)
      return [fine(`${folder} can be written`)]
    } catch (error) {
      return [bad(`${folder} cannot be written: ${reasonOf(error)}`, FIXES[reasonOf(error)] ?? FIX_OTHER)]
    }
  },
}

const FIXES: Readonly<Record<string, string>> = {
  ENOENT:
    "check dir in the configuration; tallystick init makes a new ledger, a missing one is never made silently",
  EACCES: "run doctor as the user who runs the ledger, or give that user the directory: chown -R",
  EROFS:
    "the file system is mounted read-only, often after an I/O error: look at dmesg, check the disk, mount it again",
}
const FIX_OTHER = "look at dmesg for trouble with the disk"
