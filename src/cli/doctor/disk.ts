import { mkdtemp, open, rm } from "node:fs/promises"
import { join } from "node:path"
import { reasonOf } from "../../base/said.ts"
import {
  bad,
  type Check,
  type FileSystem,
  fine,
  type Patient,
  type Symptom,
  unknown,
  warning,
} from "./check.ts"
import { diskLasts } from "./disk-lasts.ts"

const SYNCS = 20
const SYNC_BYTES = 4096
/** Every answer to a sender waits for one sync: above this the ledger feels slow, and a spinning disk is found out. */
const SYNC_MS_MAX = 25
const WARNING_BEFORE_PERCENT = 10
const GiB = 1024 ** 3

export const diskSync: Check = {
  name: "disk",
  about: `${SYNCS} times write and fdatasync in the ledger's directory: median and slowest; room left, and how long it lasts at the rate of the last week`,
  async run(patient) {
    return [...(await syncs(patient)), ...(await room(patient))]
  },
}

async function syncs(patient: Patient): Promise<readonly Symptom[]> {
  let times: readonly number[]
  try {
    times = await measure(patient)
  } catch (error) {
    return [
      unknown(
        `cannot write in ${patient.config.dir}: ${reasonOf(error)}`,
        "run doctor as the user who runs the ledger",
      ),
    ]
  }
  const sorted = [...times].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const slowest = sorted.at(-1) ?? 0
  const saw = `a sync takes ${median.toFixed(1)} ms (median of ${SYNCS}, slowest ${slowest.toFixed(1)} ms)`
  if (median <= SYNC_MS_MAX) return [fine(saw)]
  const fix = `put the ledger on a disk that syncs below ${SYNC_MS_MAX} ms: an SSD or NVMe, not NFS or a spinning one. Nothing is lost, but senders wait`
  return [warning(saw, fix)]
}

/** In a folder of its own that is gone afterwards: nothing of the ledger is touched. */
async function measure({ config, steadyMs }: Patient): Promise<readonly number[]> {
  const folder = await mkdtemp(join(config.dir, "doctor-"))
  try {
    const file = await open(join(folder, "sync"), "w")
    const times: number[] = []
    try {
      for (let i = 0; i < SYNCS; i++) {
        await file.write(Buffer.alloc(SYNC_BYTES), 0, SYNC_BYTES, i * SYNC_BYTES)
        const began = steadyMs()
        await file.datasync()
        times.push(steadyMs() - began)
      }
    } finally {
      await file.close()
    }
    return times
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function room({ config, statfs, now }: Patient): Promise<readonly Symptom[]> {
  const max = config.journal.diskUsePercentMax
  let numbers: FileSystem
  try {
    numbers = await statfs(config.dir)
  } catch (error) {
    return [
      unknown(
        `cannot look at the disk of ${config.dir}: ${reasonOf(error)}`,
        "check dir in the configuration",
      ),
    ]
  }
  const { blocks, bfree, bavail, bsize, files, ffree } = numbers
  // As df shows it and the journal counts: what root alone may use is neither used nor free.
  const used = (100 * (blocks - bfree)) / Math.max(1, blocks - bfree + bavail)
  const saw = `${used.toFixed(0)} % of the disk is in use, ${((bavail * bsize) / GiB).toFixed(1)} GiB are free`
  const fix =
    "make room or enlarge it; nothing acknowledged is lost, and intake goes on by itself when there is room"
  if (used >= max) return [bad(`${saw}; from journal.diskUsePercentMax (${max} %) on senders hear 503`, fix)]
  if (files > 0 && ffree === 0)
    return [bad("no further file can be made: the file system has no inodes left", fix)]
  const lasts = await diskLasts({ dir: config.dir, now, usePercentMax: max }, numbers)
  return [used >= max - WARNING_BEFORE_PERCENT ? warning(saw, fix) : fine(saw), ...lasts]
}
