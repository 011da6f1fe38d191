import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isRefusal } from "../base/refusal.ts"
import { openDuckdb } from "../store/duckdb.ts"
import { type Done, doJob, type Job } from "./verify-job.ts"

/**
 * Reads segment files for `verify`, one job after the other; a file that kills the engine kills only this process. The
 * first argument is the only folder it may read.
 */
const MEMORY_BYTES_MAX = 768 * 1024 * 1024
const TEMP_BYTES_MAX = 4 * 1024 * 1024 * 1024

const [folder = "."] = process.argv.slice(2)
const tempDir = mkdtempSync(join(tmpdir(), "tallystick-verify-"))
const db = await openDuckdb({
  memoryBytesMax: MEMORY_BYTES_MAX,
  threads: 1,
  tempDir,
  tempBytesMax: TEMP_BYTES_MAX,
  folders: [folder],
})

process.on("exit", () => rmSync(tempDir, { recursive: true, force: true }))
process.on("disconnect", () => process.exit(0))
process.on("message", async (job: Job) => {
  answer(await tried(job), await isUsable())
})

async function tried(job: Job): Promise<{ readonly done: Done } | { readonly failed: string }> {
  try {
    return { done: await doJob(db, job, tempDir) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

/** After some errors the engine refuses everything: the next file must not be blamed for it. */
async function isUsable(): Promise<boolean> {
  try {
    await db.query("SELECT 1")
    return true
  } catch (error) {
    if (isRefusal(error)) return false
    throw error
  }
}

function answer(outcome: { readonly done: Done } | { readonly failed: string }, usable: boolean): void {
  process.send?.(outcome, () => {
    if (!usable) process.exit(1)
  })
}
