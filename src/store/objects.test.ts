import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { storeContract } from "../../test/support/store-contract.ts"
import { realDisk } from "../journal/disk.ts"
import { openDirectoryStore, openMemoryStore } from "./objects.ts"

storeContract("memory", async () => ({ store: openMemoryStore(), close: async () => undefined }))

storeContract("directory", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-objects-"))
  return {
    store: await openDirectoryStore(dir, realDisk),
    close: () => rm(dir, { recursive: true }),
  }
})
