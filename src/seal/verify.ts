import { join } from "node:path"
import { isRefusal } from "../base/refusal.ts"
import { formatMicros, type Micros } from "../base/time.ts"
import { type Checkpoint, type OpenedCheckpoint, openCheckpoint } from "../tlog/checkpoint.ts"
import { BlocksOnDisk, filesUnder, logReader, readIfThere, tailTexts } from "./log-on-disk.ts"
import { answerOf, type Damage, joinDamages, type Verdict } from "./verdict.ts"
import { verifyLog } from "./verify-log.ts"
import { VerifyPool } from "./verify-pool.ts"
import { verifyRecords } from "./verify-records.ts"

export type VerifyRequest = {
  /** The ledger's directory. Only read. */
  readonly dir: string
  /** Verifier keys the reader trusts: the log's, and those of witnesses. Never taken from the ledger. */
  readonly keys: readonly string[]
  /** The last checkpoint this reader accepted for this origin. */
  readonly remembered: Checkpoint | undefined
  readonly now: Micros
  /** An older newest block makes the answer `unknown`. */
  readonly ageMaxMicros?: number
  /** Derive every typed column again and compare. */
  readonly columns?: boolean
  /** Child processes that read segments; the machine's cores. */
  readonly readers: number
  readonly onProgress?: (done: { readonly records: number; readonly of: number }) => void
}

export type Verified = {
  readonly verdict: Verdict
  /** To be remembered when the answer is `fine`. */
  readonly checkpoint: Checkpoint | undefined
}

/**
 * Reads all of a ledger again: every block text, tile, checkpoint and chain line, every record against its block, every
 * segment file against its record, the count of each source, the derived files. Finds all damage, not the first. Memory
 * does not grow with the ledger. Does not change anything.
 */
export async function verifyLedger(request: VerifyRequest): Promise<Verified> {
  const opened = openSigned(request)
  if ("verdict" in opened) return opened
  const { checkpoint } = opened
  const log = {
    checkpoint,
    read: logReader(request.dir),
    tail: tailTexts(request.dir),
    remembered: request.remembered,
  }
  const logVerdict = verifyLog(log)
  const blocks = new BlocksOnDisk({ ...log, bundleFirsts: logVerdict.bundleFirsts, size: checkpoint.size })
  const pool = new VerifyPool(request.dir, request.readers)
  try {
    const records = await verifyRecords({
      dir: request.dir,
      blocks,
      logVerdict,
      pool,
      columns: request.columns === true,
      onProgress: request.onProgress,
    })
    const strays = strayLogFiles(request.dir, logVerdict.files)
    const damages = joinDamages([...logVerdict.damages, ...strays, ...records.damages])
    const doubts = [...records.doubts, ...ageDoubts(request, logVerdict.newest)]
    const verdict: Verdict = {
      ...records,
      answer: answerOf(damages, doubts),
      origin: checkpoint.origin,
      blocks: checkpoint.size,
      records: logVerdict.records,
      damages,
      doubts,
      restsOn: restsOn(request.remembered, opened.cosignedBy),
      newest: logVerdict.newest,
    }
    return { verdict, checkpoint }
  } finally {
    pool.close()
  }
}

/** The signed checkpoint, or the verdict where there is none to go by. */
function openSigned(request: VerifyRequest): OpenedCheckpoint | Verified {
  const { dir, keys, remembered } = request
  const path = "log/checkpoint"
  const note = readIfThere(join(dir, path))
  if (note === undefined) {
    const known = remembered !== undefined
    const detail = known ? `${remembered.size} blocks were accepted before, and nothing is left` : ""
    const damages: Damage[] = known ? [{ thing: "checkpoint", cause: "missing", path, detail }] : []
    return withoutCheckpoint(request, damages, ["there is no checkpoint: an empty ledger, or none"])
  }
  try {
    return openCheckpoint(note, keys)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const causes = { "note.unsigned": "unknown key", "note.refuted": "bad signature" } as const
    const cause = error.code in causes ? causes[error.code as keyof typeof causes] : "changed"
    return withoutCheckpoint(request, [{ thing: "checkpoint", cause, path, detail: error.message }], [])
  }
}

function withoutCheckpoint(request: VerifyRequest, damages: Damage[], doubts: string[]): Verified {
  const verdict: Verdict = {
    answer: answerOf(damages, doubts),
    origin: request.remembered?.origin ?? "",
    blocks: 0,
    records: 0,
    unsealed: 0,
    segments: 0,
    damages,
    doubts,
    notes: [],
    purged: [],
    restsOn: restsOn(request.remembered, []),
    newest: undefined,
  }
  return { verdict, checkpoint: undefined }
}

/** Files under `log/tile` that no block text accounts for. */
function strayLogFiles(dir: string, expected: ReadonlySet<string>): Damage[] {
  return filesUnder(join(dir, "log", "tile"))
    .map((name) => `tile/${name}`)
    .filter((name) => !expected.has(name))
    .map((name) => ({
      thing: name.startsWith("tile/entries/") ? "bundle" : "tile",
      cause: "inserted",
      path: `log/${name}`,
      detail: "no block of the log belongs in it",
    }))
}

function ageDoubts({ now, ageMaxMicros }: VerifyRequest, newest: Micros | undefined): string[] {
  if (ageMaxMicros === undefined || newest === undefined || now - newest <= ageMaxMicros) return []
  return [
    `the newest block was sealed at ${formatMicros(newest)}, longer ago than allowed: newer ones may be cut off`,
  ]
}

function restsOn(
  remembered: Checkpoint | undefined,
  cosignedBy: OpenedCheckpoint["cosignedBy"],
): readonly string[] {
  const cosigned = cosignedBy.map(
    ({ key, atSeconds }) => `cosigned by ${key.name} at ${formatMicros(atSeconds * 1e6)}`,
  )
  return remembered === undefined ? cosigned : [`remembered size ${remembered.size}`, ...cosigned]
}
