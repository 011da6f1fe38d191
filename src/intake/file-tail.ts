import type { BigIntStats } from "node:fs"
import { rename, stat } from "node:fs/promises"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { isMissing } from "../base/system-error.ts"
import type { Micros } from "../base/time.ts"
import type { Content } from "./file-content.ts"
import { Stopped } from "./file-deliver.ts"
import { Follower, type FollowerDeps } from "./file-follower.ts"
import { type Candidate, findFiles, foldersOf, inReadingOrder } from "./file-names.ts"
import { keyOf, Place, signatureOf } from "./file-place.ts"
import {
  formatPositions,
  NO_POSITIONS,
  type Positions,
  readPositions,
  writePositions,
} from "./file-positions.ts"
import { type ReadDelivered, Sent } from "./file-sent.ts"
import { FolderWatch } from "./file-watch.ts"
import type { Deliver, Source } from "./source.ts"

/** One followed log. */
export type TailedFile = {
  /** Its path; `*` and `?` may stand in any part. Rotated copies beside it belong to it. */
  readonly path: string
  /** Source of its records, cluster first. */
  readonly source: string
  /** Where to begin with what is there when this path is looked at for the first time ever. */
  readonly from: "start" | "end"
}

export type FileTailDeps = FollowerDeps & {
  readonly files: readonly TailedFile[]
  /** State file: `intake/positions.json` in the ledger's directory. */
  readonly positionsPath: string
  /** The journal from a record number on: what a crash kept from the positions. */
  readonly delivered: ReadDelivered
  /** Between two looks when nothing hints at a change. Default 1,000. */
  readonly pollMs?: number
  /** How long a file that has ended must be silent before its last line counts as cut off. Default 10,000. */
  readonly cutOffMs?: number
}

const POLL_MS = 1_000
/** Shortest time between two looks: under load lines are taken together, one sync for many. */
const GAP_MS = 100
const SAVE_MS = 1_000
const CUT_OFF_MS = 10_000
/** A writer may go on writing to a file that somebody deleted (kubernetes#111208); after this silence it has gone. */
const GONE_MS = 10 * 60_000
/** Contents that nobody has seen for so long are forgotten; a file that comes back later is read again. */
const FORGET_MS = 30 * 24 * 3_600_000
const CONTENTS_MAX = 10_000
const DAY = 24 * 3_600_000_000
const WATCHES_MAX = 100

/**
 * Follows the log files of kube-apiserver's log back end through renaming, copytruncate, compression and deletion.
 *
 * Promise: every complete line that stays in a file until it is read becomes records, in the order of its file, and
 * without a crash exactly once. A position is saved only after delivery; after a crash the journal itself tells what was
 * delivered since (see file-sent.ts), so that nothing is lost and nothing comes twice while the journal still holds it.
 */
export async function openFileTail(deps: FileTailDeps): Promise<FileTail> {
  const positions = await readSafely(deps)
  const sources = new Set(deps.files.map(({ source }) => source))
  for (const { source } of positions.contents) sources.add(source)
  const sent = await Sent.read(positions.next, sources, deps.delivered)
  return new FileTail(deps, positions, new Follower(deps, { ...positions, sent }))
}

async function readSafely({ positionsPath, clock, onTrouble }: FileTailDeps): Promise<Positions> {
  try {
    return await readPositions(positionsPath)
  } catch (error) {
    if (!isRefusal(error, "positions.malformed")) throw error
    await rename(positionsPath, `${positionsPath}.malformed-${clock()}`)
    onTrouble(error)
    return NO_POSITIONS
  }
}

export class FileTail implements Source {
  readonly name = "files"
  readonly #deps: FileTailDeps
  readonly #follower: Follower
  readonly #places = new Map<string, Place>()
  readonly #begun: Set<string>
  /** What the last run had read to the end, by signature. */
  readonly #settledBefore: ReadonlyMap<string, Content | undefined>
  /** Since when no file holds a content that was not read to its end. */
  readonly #missing = new Map<Content, Micros>()
  readonly #told = new Map<string, string>()
  #saved = ""
  #savedAt: Micros

  constructor(deps: FileTailDeps, positions: Positions, follower: Follower) {
    this.#deps = deps
    this.#follower = follower
    this.#begun = new Set(positions.begun)
    this.#settledBefore = new Map(
      positions.settled.map(({ signature, content }) => [signature, follower.contents[content]]),
    )
    this.#savedAt = deps.clock()
  }

  /** Lasts until `stop` aborts; what was delivered then is saved, what was not stays in the files. */
  async run(deliver: Deliver, stop: AbortSignal): Promise<void> {
    const { pause, pollMs = POLL_MS } = this.#deps
    let hint = (): void => undefined
    const watch = new FolderWatch(() => hint())
    try {
      while (!stop.aborted) {
        const hinted = new AbortController()
        hint = () => hinted.abort() // from here on: a change during the pass is not overlooked
        const more = await this.step(deliver, stop)
        if (more) continue
        watch.set(await this.#folders())
        await pause(Math.min(GAP_MS, pollMs), stop)
        await pause(Math.max(0, pollMs - GAP_MS), AbortSignal.any([stop, hinted.signal]))
      }
    } finally {
      watch.close()
      await this.close()
    }
  }

  /** One look at all files: reads what is new, at most a turn of each; true when there is more at once. */
  async step(deliver: Deliver, stop: AbortSignal): Promise<boolean> {
    let more = false
    try {
      await this.#look()
      const waiting = new Set<string>()
      for (const place of this.#inOrder()) {
        // The old file to its end before the new one that has its name now.
        if (waiting.has(place.name.group)) continue
        if (!(await this.#turn(place, deliver, stop))) continue
        waiting.add(place.name.group)
        more = true
        await this.#saveIfDue()
      }
      if (!more) for (const { path } of this.#deps.files) this.#begun.add(path)
      await this.#forget()
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
    }
    if (!more) await this.save()
    return more
  }

  /** Saves the positions, if they changed. */
  async save(): Promise<void> {
    const positions = this.#positions()
    const text = formatPositions(positions)
    this.#savedAt = this.#deps.clock()
    if (text === this.#saved) return
    await writePositions(this.#deps.positionsPath, positions)
    this.#saved = text
  }

  async close(): Promise<void> {
    await this.save()
    await this.release()
  }

  /** Closes the files without saving anything. */
  async release(): Promise<void> {
    for (const place of this.#places.values()) await place.close()
  }

  async #saveIfDue(): Promise<void> {
    if (this.#deps.clock() - this.#savedAt >= SAVE_MS * 1000) await this.save()
  }

  /** Brings the list of places up to date. */
  async #look(): Promise<void> {
    const now = this.#deps.clock()
    const named = new Set<Place>()
    for (const { path } of this.#deps.files) {
      const names = await findFiles(path, (folder, error) => this.#unreadable(folder, error))
      for (const name of names) {
        const found = await this.#stat(name.path)
        if (found !== undefined) this.#note(path, name, found, named, now)
      }
    }
    for (const place of this.#places.values()) {
      if (named.has(place)) continue
      place.gone = true
      if (!place.isOpen) this.#places.delete(place.key)
      else {
        await place.refresh(now)
        place.begunAnew = !(await this.#follower.isStill(place))
      }
    }
  }

  #note(entry: string, name: Candidate, found: BigIntStats, named: Set<Place>, now: Micros): void {
    const known = this.#places.get(keyOf(found))
    if (known === undefined) {
      const place = new Place({ entry, name, stat: found, now })
      const settled = this.#settledBefore.get(signatureOf(found))
      if (settled !== undefined) {
        place.content = settled
        place.settled = place.signature
      }
      this.#places.set(place.key, place)
      named.add(place)
      return
    }
    // A hard link: one file under two names. It has ended only when no name is that of a file being written.
    if (!named.has(known) || name.rotated === undefined) known.name = name
    known.gone = false
    known.update(found, now)
    named.add(known)
  }

  async #stat(path: string): Promise<BigIntStats | undefined> {
    try {
      const found = await stat(path, { bigint: true })
      return found.isFile() ? found : undefined
    } catch (error) {
      if (!isMissing(error)) this.#unreadable(path, error)
      return undefined
    }
  }

  #inOrder(): readonly Place[] {
    return [...this.#places.values()].sort((a, b) => {
      const rank = a.name.group === b.name.group ? rankOf(a) - rankOf(b) : 0
      return rank === 0 ? inReadingOrder(a.name, b.name) : rank
    })
  }

  async #turn(place: Place, deliver: Deliver, stop: AbortSignal): Promise<boolean> {
    const { clock, files, cutOffMs = CUT_OFF_MS } = this.#deps
    const now = clock()
    const file = files.find(({ path }) => path === place.entry)
    if (file === undefined) return false
    const silentMs = (now - place.changedAt) / 1000
    const ended = place.hasEnded && silentMs >= cutOffMs
    const finish = ended && (place.partial || place.damage !== undefined) && this.#isOnly(place)
    if (place.settled === place.signature && !finish) {
      if (ended && (!place.gone || silentMs >= GONE_MS)) await place.close()
      return false
    }
    if (!(await this.#open(place, now))) return false
    const { source } = file
    const fromEnd = file.from === "end" && !this.#begun.has(file.path)
    const isAlone = (content: Content) => !this.#others(place, content).some(() => true)
    const more = await this.#follower.follow(place, { source, fromEnd, finish, isAlone, deliver, stop })
    if (finish && !more) await this.#finished(place)
    return more
  }

  /** A last line without newline is taken from one place only: not while another may still hold the whole line. */
  #isOnly(place: Place): boolean {
    if (place.content === undefined) return true
    return !this.#others(place, place.content).some(
      (other) =>
        !other.hasEnded ||
        (place.isCompressed && !other.isCompressed) ||
        (place.isCompressed === other.isCompressed &&
          (other.size > place.size || (other.size === place.size && other.key < place.key))),
    )
  }

  #others(place: Place, content: Content): readonly Place[] {
    return [...this.#places.values()].filter((other) => other !== place && other.content === content)
  }

  async #finished(place: Place): Promise<void> {
    const { damage, content } = place
    place.partial = false
    place.damage = undefined
    if (damage === undefined) return
    const path = place.name.path
    this.#deps.onTrouble(new Refusal("file.lost", `${path} cannot be read to its end`, { path }, damage))
    const offset = content?.position ?? 0
    const source = content?.source ?? this.#deps.files.find((file) => file.path === place.entry)?.source
    if (source !== undefined) await this.#deps.onLoss({ source, path, why: "damaged", offset, bytes: 0 })
  }

  async #open(place: Place, now: Micros): Promise<boolean> {
    try {
      await place.open(now)
      this.#told.delete(place.name.path)
      return place.isOpen
    } catch (error) {
      if (!isMissing(error)) this.#unreadable(place.name.path, error)
      return false
    }
  }

  #unreadable(path: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (this.#told.get(path) === why) return
    this.#told.set(path, why)
    this.#deps.onTrouble(new Refusal("file.unreadable", `cannot read ${path}: ${why}`, { path }, error))
  }

  /** Tells what is missing for good, and forgets contents that have not been seen for a month. */
  async #forget(): Promise<void> {
    const { clock, onLoss, onTrouble, cutOffMs = CUT_OFF_MS } = this.#deps
    const now = clock()
    const held = new Set([...this.#places.values()].map(({ content }) => content))
    for (const content of this.#follower.contents) {
      if (held.has(content)) {
        content.seenAt = now - (now % DAY)
        this.#missing.delete(content)
        continue
      }
      const bytes = content.largest - content.position
      if (bytes <= 0) continue
      const since = this.#missing.get(content) ?? now
      this.#missing.set(content, since)
      if (now - since < cutOffMs * 1000) continue
      const { source, position } = content
      onTrouble(
        new Refusal("file.lost", `${bytes} bytes of ${source} were gone before they were read`, { bytes }),
      )
      await onLoss({ source, path: "", why: "vanished", offset: position, bytes })
      content.largest = position
      this.#missing.delete(content)
    }
    const kept = this.#follower.contents.filter(
      (content) => held.has(content) || now - content.seenAt < FORGET_MS * 1000,
    )
    kept.sort((a, b) => Number(held.has(b)) - Number(held.has(a)) || b.seenAt - a.seenAt)
    this.#follower.contents.splice(0, Number.POSITIVE_INFINITY, ...kept.slice(0, CONTENTS_MAX))
  }

  #positions(): Positions {
    const { contents, next } = this.#follower
    const index = new Map(contents.map((content, i) => [content, i]))
    const settled = [...this.#places.values()].flatMap(({ gone, settled, signature, content, damage }) => {
      const at = content === undefined ? undefined : index.get(content)
      return gone || damage !== undefined || settled !== signature || at === undefined
        ? []
        : [{ signature, content: at }]
    })
    return { next, begun: [...this.#begun].sort(), contents, settled }
  }

  async #folders(): Promise<readonly string[]> {
    const folders = await Promise.all(this.#deps.files.map(({ path }) => foldersOf(path)))
    return [...new Set(folders.flat())].slice(0, WATCHES_MAX)
  }
}

/** In one group, oldest first: what is gone, what was rotated, what is gone and was emptied before, what is written now. */
function rankOf({ gone, begunAnew, name }: Place): number {
  if (gone) return begunAnew ? 2 : 0
  return name.rotated === undefined ? 3 : 1
}
