import { join } from "node:path"
import { toBytes, utf8 } from "../base/bytes.ts"
import { isThere } from "../base/is-there.ts"
import { isRefusal, type RefusalCode } from "../base/refusal.ts"
import { formatMicros, type Micros } from "../base/time.ts"
import { type Checkpoint, type OpenedCheckpoint, openCheckpoint } from "../tlog/checkpoint.ts"
import { witnessesOf } from "../tlog/quorum.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import { BlocksOnDisk, filesUnder, logReader } from "./log-on-disk.ts"
import { checkpointOf } from "./remember.ts"
import { type RevokedKey, revokedDamages } from "./revoked-keys.ts"
import { hasMoved, type Snapshot, takeSnapshot } from "./snapshot.ts"
import { type TrustedKeys, trustedKeys } from "./trusted-keys.ts"
import { answerOf, type Cause, type Damage, joinDamages, type Verdict } from "./verdict.ts"
import { gatherControls, rotationsIn } from "./verify-controls.ts"
import type { ControlsDone } from "./verify-job.ts"
import { verifyJournal } from "./verify-journal.ts"
import { verifyLog } from "./verify-log.ts"
import { VerifyPool } from "./verify-pool.ts"
import { type Settled, segmentNames, verifyRecords, type Work } from "./verify-records.ts"

export type VerifyRequest = {
  /** The ledger's directory. Only read. */
  readonly dir: string
  /** Verifier keys the reader trusts: the log's, and those of witnesses. Never taken from the ledger. */
  readonly keys: readonly string[]
  /** Of these keys, and those that follow from them, the ones in other hands, and since when. */
  readonly revoked?: readonly RevokedKey[]
  /** The last checkpoint this reader accepted for this origin. */
  readonly remembered: Checkpoint | undefined
  readonly now: Micros
  /** Witnesses among the keys that must have cosigned the checkpoint; fewer make the answer `unknown`. */
  readonly quorum?: number
  /** An older newest block makes the answer `unknown`. */
  readonly ageMaxMicros?: number
  /** Derive every typed column again and compare. */
  readonly columns?: boolean
  /** Child processes that read segments; the machine's cores. */
  readonly readers: number
  readonly onProgress?: (done: { readonly records: number; readonly of: number }) => void
  /** Ends it with an AbortError. */
  readonly stop?: AbortSignal
  /** Readers to use, and leave open; without, `readers` are made and closed. */
  readonly pool?: VerifyPool
  /** Hold only records from this one on to their blocks; the log is read whole all the same. 0 where it is left out. */
  readonly recordsFrom?: number
  /** The ledger's own records in segments read before, by the segment's name. New ones are added. */
  readonly known?: Map<string, ControlsDone>
}

export type Verified = {
  readonly verdict: Verdict
  /** The signed note, to be remembered when the answer is `fine`. */
  readonly signed: string | undefined
}

/** A server merges segments for minutes where a day is over; each reading leaves less to be read. */
const READINGS_MAX = 10

/**
 * Reads all of a ledger again: every block text, tile, checkpoint and chain line, every record against its block, every
 * segment file against its record, the count of each source, the derived files. Finds all damage, not the first. Memory
 * does not grow with the ledger. Changes nothing, and may run beside a server.
 */
export async function verifyLedger(request: VerifyRequest): Promise<Verified> {
  const pool = request.pool ?? new VerifyPool(request.dir, request.readers, request.stop)
  try {
    return await verifyMoving({ known: new Map(), ...request }, pool)
  } finally {
    if (request.pool === undefined) await pool.close()
  }
}

/**
 * A server replaces segments by merged ones and removes them, also while they are read. A file that was there and is gone
 * says nothing yet: the ledger is looked at anew, and what was found whole is not read again. The log has to go on from
 * the one that was read before, or those records were held to other blocks.
 */
async function verifyMoving(request: VerifyRequest, pool: VerifyPool): Promise<Verified> {
  const settled: Settled = new Map()
  let before: Checkpoint | undefined
  for (let reading = 1; ; reading++) {
    const snapshot = await takeSnapshot(request.dir)
    try {
      const verified = await verifySnapshot(request, { snapshot, pool, settled, before })
      const { verdict, signed } = verified
      const moved = verdict.damages.length > 0 && hasMoved(request.dir, snapshot)
      if (!moved || reading === READINGS_MAX) return verified
      before = signed === undefined ? before : checkpointOf(signed)
    } finally {
      snapshot.close()
    }
  }
}

type Reading = Pick<Work, "snapshot" | "pool" | "settled"> & {
  /** The checkpoint of the reading before. */
  readonly before: Checkpoint | undefined
}

async function verifySnapshot(request: VerifyRequest, reading: Reading): Promise<Verified> {
  const { snapshot, pool } = reading
  const journal = verifyJournal(snapshot.journal)
  const candidates = await gatherControls(
    { dir: request.dir, pool, known: request.known },
    segmentNames(snapshot),
    journal,
  )
  const keys = trustedKeys(request.keys, rotationsIn(candidates.controls))
  const opened = openSigned(request, snapshot, keys)
  if ("verdict" in opened) return opened
  return await verifyOpened(request, { ...reading, journal, candidates, keys, opened })
}

type Opened = Reading &
  Pick<Work, "journal" | "candidates"> & {
    readonly keys: TrustedKeys
    readonly opened: OpenedCheckpoint
  }

async function verifyOpened(request: VerifyRequest, found: Opened): Promise<Verified> {
  const { snapshot, keys, opened } = found
  const { checkpoint } = opened
  const log = {
    checkpoint,
    read: logReader(request.dir),
    tail: snapshot.tail.blocks.map(({ number, text }) => ({ number, text: toBytes(text) })),
    remembered: larger(request.remembered, found.before),
  }
  const logVerdict = verifyLog(log)
  const blocks = new BlocksOnDisk({ ...log, bundleFirsts: logVerdict.bundleFirsts, size: checkpoint.size })
  const { dir, columns = false, onProgress, recordsFrom = 0 } = request
  const records = await verifyRecords({ ...found, dir, blocks, logVerdict, columns, onProgress, recordsFrom })
  const damages = joinDamages([
    ...retiredKeys(opened, keys),
    ...revokedDamages(opened, keys, { revoked: request.revoked ?? [], blocks }),
    ...tailDamages(snapshot, blocks),
    ...logVerdict.damages,
    ...strayTiles(snapshot, logVerdict.files),
    ...records.damages,
  ])
  const doubts = [
    ...records.doubts,
    ...quorumDoubts(request, opened),
    ...ageDoubts(request, logVerdict.newest),
  ]
  const verdict: Verdict = {
    ...records,
    answer: answerOf(damages, doubts),
    origin: checkpoint.origin,
    blocks: checkpoint.size,
    records: logVerdict.records,
    damages,
    doubts,
    notes: [...rotationNotes(opened, keys), ...records.notes, ...keptAside(dir)],
    restsOn: restsOn(request.remembered, opened.cosignedBy),
    newest: logVerdict.newest,
  }
  return { verdict, signed: utf8(snapshot.checkpoint ?? new Uint8Array()) }
}

/** Where the bytes are that were damaged in the journal, or stood in the place of one of its files, and were taken out of it. */
function keptAside(dir: string): readonly string[] {
  const names = filesUnder(join(dir, "damaged"))
  const some = names.slice(0, KEPT_ASIDE_SHOWN).join(", ") + (names.length > KEPT_ASIDE_SHOWN ? ", …" : "")
  const files = names.length === 1 ? "1 file" : `${names.length} files`
  return names.length === 0 ? [] : [`damaged/ keeps what was taken out of the journal, ${files}: ${some}`]
}

const KEPT_ASIDE_SHOWN = 3

/** Of two checkpoints of one log the one that says more. */
export function larger(one: Checkpoint | undefined, other: Checkpoint | undefined): Checkpoint | undefined {
  return (one?.size ?? -1) >= (other?.size ?? -1) ? one : other
}

const SIGNATURE_CAUSES: Partial<Readonly<Record<RefusalCode, Cause>>> = {
  "note.unsigned": "unknown key",
  "note.refuted": "bad signature",
}

/** The signed checkpoint, or the verdict where there is none to go by. */
function openSigned(
  request: VerifyRequest,
  { checkpoint: note }: Snapshot,
  { keys }: TrustedKeys,
): OpenedCheckpoint | Verified {
  const { remembered } = request
  const path = "log/checkpoint"
  if (note === undefined) {
    const known = remembered !== undefined
    const { dir } = request
    const detail = known ? `a log of size ${remembered.size} was accepted before, and nothing is left` : ""
    const damages: Damage[] = known ? [{ thing: "checkpoint", cause: "missing", path, detail }] : []
    const doubt = isThere(dir)
      ? "there is no checkpoint: an empty ledger, or none"
      : `there is no folder ${dir}: check the path`
    return withoutCheckpoint(request, damages, [doubt])
  }
  try {
    const opened = openCheckpoint(note, keys)
    if (opened.checkpoint.size > 0) return opened
    return withoutCheckpoint(request, [], ["no block was sealed: an empty ledger is never fine"])
  } catch (error) {
    if (!isRefusal(error)) throw error
    const cause = SIGNATURE_CAUSES[error.code] ?? "changed"
    return withoutCheckpoint(request, [{ thing: "checkpoint", cause, path, detail: error.message }], [])
  }
}

/** A key that signed the change to another one must not sign anything afterwards. */
function retiredKeys({ checkpoint, signedBy }: OpenedCheckpoint, { rotations }: TrustedKeys): Damage[] {
  const retiredAt = signedBy.map(
    (key) => rotations.find(({ older }) => older.keyId === key.keyId)?.lastSize ?? Number.POSITIVE_INFINITY,
  )
  const lastSize = Math.max(...retiredAt)
  if (lastSize >= checkpoint.size) return []
  const detail = `its key was given up at ${lastSize} blocks, and this is signed by no later one`
  return [{ thing: "checkpoint", cause: "bad signature", path: "log/checkpoint", detail }]
}

function rotationNotes({ signedBy }: OpenedCheckpoint, { given, rotations }: TrustedKeys): string[] {
  if (signedBy.some((key) => given.has(formatVerifierKey(key)))) return []
  return rotations.map(
    ({ older, newer, lastSize }) =>
      `the key ${formatVerifierKey(newer)} took over at ${lastSize} blocks, signed by ${formatVerifierKey(older)}`,
  )
}

/** Lines of `log/tail` that are none, and seeds that name another block than the log does. */
function tailDamages({ tail }: Snapshot, blocks: BlocksOnDisk): Damage[] {
  const path = "log/tail"
  const damages: Damage[] = []
  if (tail.damaged !== undefined) {
    damages.push({ thing: "block", cause: "changed", path, detail: tail.damaged })
  }
  for (const { number, first, count } of tail.seeds) {
    const block = blocks.over(first, first)[0]
    if (block?.number === number && block.first === first && block.count === count) continue
    const detail = `it has a seed for block ${number} with ${count} records from ${first} on, the log has not`
    damages.push({ thing: "block", cause: "changed", first: number, last: number, path, detail })
  }
  return damages
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
  return { verdict, signed: undefined }
}

/** Files under `log/tile` that no block text accounts for. */
function strayTiles({ tiles }: Snapshot, expected: ReadonlySet<string>): Damage[] {
  return tiles
    .filter((name) => !expected.has(name))
    .map((name) => ({
      thing: name.startsWith("tile/entries/") ? "bundle" : "tile",
      cause: "inserted",
      path: `log/${name}`,
      detail: "no block of the log belongs in it",
    }))
}

function quorumDoubts({ quorum = 0 }: VerifyRequest, opened: OpenedCheckpoint): string[] {
  const witnesses = witnessesOf(opened)
  if (witnesses >= quorum) return []
  return [`${witnesses} of the witnesses given cosigned the checkpoint, asked for were ${quorum}`]
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
