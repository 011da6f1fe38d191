import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { Clock } from "../base/time.ts"
import {
  type Beginning,
  beginsWith,
  type Content,
  digest,
  HEAD_BYTES_MIN,
  headOf,
  type LastLine,
  lastOf,
  readBeginning,
} from "./file-content.ts"
import { deliverPatiently, type Pause } from "./file-deliver.ts"
import { type Cut, type Hole, LINE_BYTES_MAX, type Line, LineCutter } from "./file-lines.ts"
import type { Place } from "./file-place.ts"
import { isTornRest, receiveLine } from "./file-records.ts"
import type { Sent } from "./file-sent.ts"
import type { Redaction } from "./receive.ts"
import type { Deliver } from "./source.ts"
import type { Acked } from "./webhook.ts"

/** Bytes of a followed file that are in no record, to be said in a `loss` record before reading goes on behind them. */
export type FileLoss = {
  readonly source: string
  readonly path: string
  /**
   * `hole`: a run of NULs, skipped. `long`: the rest of a line over the limit. `torn`: the rest of
   * a line whose beginning is in another record. `damaged`: a compressed file that cannot be decoded to its end. `vanished`: seen, and gone before it was read; `bytes` is what is known to be missing.
   */
  readonly why: "hole" | "long" | "torn" | "damaged" | "vanished"
  readonly offset: number
  readonly bytes: number
}

export type FollowerDeps = {
  readonly redactor: Redaction | undefined
  readonly clock: Clock
  readonly pause: Pause
  readonly onLoss: (loss: FileLoss) => Promise<void>
  readonly onTrouble: (trouble: Refusal) => void
  /** Told of every batch when it is durable: the place to count. */
  readonly onAcked?: (acked: Acked) => void
  /** Default {@link LINE_BYTES_MAX}. */
  readonly lineBytesMax?: number
  /** Most bytes of one file before the others have their turn. Default 8 MiB. */
  readonly turnBytesMax?: number
}

export type Turn = {
  /** Of a content that was never seen. */
  readonly source: string
  /** Begin such a content at its end. */
  readonly fromEnd: boolean
  /** Take the last line although no newline ends it. */
  readonly finish: boolean
  /** True when no other place holds the content. */
  readonly isAlone: (content: Content) => boolean
  readonly deliver: Deliver
  readonly stop: AbortSignal
}

const TURN_BYTES_MAX = 8 * 1024 * 1024
/** Bytes of lines delivered together, one sync of the journal: a chunk of a plain file, three of an unpacked one. */
const BATCH_BYTES = 768 * 1024

/** Reads places to their end, line by line, and knows what was read of which content. */
export class Follower {
  readonly contents: Content[] = []
  /** Number after the newest record delivered. */
  next: number
  readonly #deps: FollowerDeps
  readonly #sent: Sent
  readonly #lineBytesMax: number

  constructor(deps: FollowerDeps, start: { next: number; contents: readonly Content[]; sent: Sent }) {
    this.#deps = deps
    this.#sent = start.sent
    this.next = start.next
    this.#lineBytesMax = deps.lineBytesMax ?? LINE_BYTES_MAX
    for (const content of start.contents) this.contents.push({ ...content, unsure: start.sent.size > 0 })
  }

  /**
   * Reads what is new in an open place and delivers it; true when there is more than one turn takes.
   * Throws only what `deliver` throws, and {@link Stopped}.
   */
  async follow(place: Place, turn: Turn): Promise<boolean> {
    try {
      const known = place.content
      if (known !== undefined && !(await this.#isStill(place, known))) await this.#moveOn(place, known)
      place.content ??= await this.#identify(place, turn)
      if (place.content === undefined) {
        place.settled = place.signature
        place.partial = place.size > 0
        return false
      }
      return await this.#read(place, place.content, turn)
    } catch (error) {
      if (!isRefusal(error, "body.damaged")) throw error
      place.damage = error
      place.settled = place.signature
      return false
    }
  }

  /** False when the open file was truncated, or truncated and written again, since it was read. */
  async isStill(place: Place): Promise<boolean> {
    return place.content === undefined || (await this.#isStill(place, place.content))
  }

  async #isStill(place: Place, content: Content): Promise<boolean> {
    if (place.isCompressed) return true
    if (place.size < place.lookedAt) return false
    const { skip, size, sha256 } = content.head
    if (!(await place.holds({ start: skip, size, sha256 }))) return false
    if (size < HEAD_BYTES_MIN && place.size > content.largest) {
      const beginning = await this.#beginning(place, false)
      if (beginning !== undefined) content.head = headOf(beginning)
    }
    content.largest = Math.max(content.largest, place.size)
    return true
  }

  /** After a truncation. Cut to a shorter length it is the same log still: what stands there was read. */
  async #moveOn(place: Place, old: Content): Promise<void> {
    place.content = undefined
    place.lookedAt = 0
    const { skip, size, sha256 } = old.head
    const isPrefix = place.size < old.position && (await place.holds({ start: skip, size, sha256 }))
    if (isPrefix) place.content = this.#shortened(place, old)
  }

  #shortened(place: Place, old: Content): Content {
    const content: Content = {
      ...old,
      position: place.size,
      last: undefined,
      torn: false,
      largest: place.size,
    }
    this.contents.push(content)
    return content
  }

  async #beginning(place: Place, whole: boolean): Promise<Beginning | undefined> {
    return await readBeginning(place.chunks(0), { bytesMax: this.#lineBytesMax, whole })
  }

  /** The content that this place holds: one that is known from another place or another run, or a new one. */
  async #identify(place: Place, turn: Turn): Promise<Content | undefined> {
    const beginning = await this.#beginning(place, turn.finish)
    if (beginning === undefined) return undefined
    let best: Content | undefined
    let behind: Content | undefined
    for (const content of this.contents) {
      if (!beginsWith(beginning, content.head)) continue
      if (!place.isCompressed && place.size < content.position) behind = content
      else if (!place.isCompressed && content.last !== undefined && !(await place.holds(content.last)))
        continue
      else if (best === undefined || content.position > best.position) best = content
    }
    if (best !== undefined) return best
    if (behind !== undefined) {
      // A copy being made, or, where nothing else holds the content, a log cut to a shorter length while nobody looked.
      return place.hasEnded || !turn.isAlone(behind) ? behind : this.#shortened(place, behind)
    }
    return await this.#newContent(place, beginning, turn)
  }

  async #newContent(
    place: Place,
    beginning: Beginning,
    turn: { source: string; fromEnd: boolean },
  ): Promise<Content> {
    const content: Content = {
      source: turn.source,
      head: headOf(beginning),
      position: turn.fromEnd ? await endOf(place) : 0,
      last: undefined,
      torn: false,
      largest: 0,
      seenAt: this.#deps.clock(),
      unsure: this.#sent.size > 0,
    }
    this.contents.push(content)
    return content
  }

  async #read(place: Place, content: Content, turn: Turn): Promise<boolean> {
    const began = content.position
    if (!place.isCompressed) content.largest = Math.max(content.largest, place.size)
    const cutter = new LineCutter(began, this.#lineBytesMax, content.torn)
    const batch = new Batch()
    let budget = this.#deps.turnBytesMax ?? TURN_BYTES_MAX
    const chunks = place.isCompressed ? skipTo(place.chunks(0), content) : place.chunks(began)
    let damage: Refusal | undefined
    try {
      for await (const chunk of chunks) {
        if (chunk === undefined) {
          // The lines delivered last do not stand there: another log that begins the same way.
          place.content = await this.#newContent(place, await this.#mustBegin(place), {
            ...turn,
            fromEnd: false,
          })
          return true
        }
        batch.add(cutter.push(chunk))
        budget -= chunk.length
        if (batch.bytes >= BATCH_BYTES || budget <= 0) await this.#flush(place, content, batch, cutter, turn)
        // Unpacking begins at the beginning each time: a compressed file is read in one turn.
        if (budget <= 0 && !place.isCompressed && content.position > began) return true
      }
    } catch (error) {
      if (!isRefusal(error, "body.damaged")) throw error
      damage = error
    }
    if (turn.finish) batch.add(cutter.finish())
    await this.#flush(place, content, batch, cutter, turn)
    content.largest = Math.max(content.largest, cutter.seen)
    if (!place.isCompressed) place.lookedAt = place.size
    if (damage !== undefined) throw damage
    place.partial = cutter.seen > content.position
    place.damage = undefined
    place.settled = place.signature
    return false
  }

  async #mustBegin(place: Place): Promise<Beginning> {
    const beginning = await this.#beginning(place, true)
    return beginning ?? { skip: 0, bytes: new Uint8Array(), headSize: 0 }
  }

  /** Makes everything before the cutter's position durable, and only then calls it read. */
  async #flush(
    place: Place,
    content: Content,
    batch: Batch,
    { position, torn }: LineCutter,
    turn: { deliver: Deliver; stop: AbortSignal },
  ): Promise<void> {
    const { lines, holes } = batch.take()
    const reception = { source: content.source, redactor: this.#deps.redactor }
    const began = performance.now()
    const batches = lines.map((line) => receiveLine(line, reception))
    const records = batches.flatMap((received) => received.records)
    const fresh = this.#sent.withoutSent(content, records)
    if (fresh.length > 0) {
      const { first, count } = await deliverPatiently(fresh, { ...this.#deps, ...turn })
      this.next = Math.max(this.next, first + count)
      // Of a batch that was durable in part, only the records are counted: the rest was, by the run that died.
      const events = fresh.length < records.length ? [] : batches.flatMap((received) => received.events)
      const seconds = (performance.now() - began) / 1000
      this.#deps.onAcked?.({ source: content.source, records: fresh, events, seconds })
    }
    const at = { source: content.source, path: place.name.path }
    for (const { start, end } of holes) {
      await this.#deps.onLoss({ ...at, why: "hole", offset: start, bytes: end - start })
    }
    for (const line of lines) {
      const { start, bytes, dropped = 0 } = line
      if (isTornRest(line))
        await this.#deps.onLoss({ ...at, why: "torn", offset: start, bytes: bytes.length })
      if (dropped > 0)
        await this.#deps.onLoss({ ...at, why: "long", offset: start + bytes.length, bytes: dropped })
    }
    const last = lines.at(-1)
    if (last !== undefined) content.last = lastOf(last)
    content.position = position
    content.torn = torn
    content.largest = Math.max(content.largest, position)
  }
}

class Batch {
  bytes = 0
  #lines: Line[] = []
  #holes: Hole[] = []

  add({ lines, holes }: Cut): void {
    for (const line of lines) {
      this.#lines.push(line)
      this.bytes += line.end - line.start
    }
    for (const hole of holes) this.#holes.push(hole)
  }

  take(): Cut {
    const taken = { lines: this.#lines, holes: this.#holes }
    this.#lines = []
    this.#holes = []
    this.bytes = 0
    return taken
  }
}

/** The chunks from `content.position` on; undefined, once, where the line read last is not what stands before it. */
async function* skipTo(
  chunks: AsyncIterable<Uint8Array>,
  { position, last }: Content,
): AsyncGenerator<Uint8Array | undefined, void> {
  let at = 0
  const found: Uint8Array[] = []
  let checked = last === undefined
  for await (const chunk of chunks) {
    const from = at
    at += chunk.length
    if (last !== undefined && !checked) {
      found.push(chunk.subarray(clamp(last.start - from, chunk), clamp(last.start + last.size - from, chunk)))
      if (at >= last.start + last.size) {
        checked = true
        if (!isLast(found, last)) {
          yield undefined
          return
        }
      }
    }
    if (at > position) yield chunk.subarray(clamp(position - from, chunk))
  }
}

function isLast(parts: readonly Uint8Array[], last: LastLine): boolean {
  return digest(Buffer.concat(parts)) === last.sha256
}

function clamp(at: number, chunk: Uint8Array): number {
  return Math.min(Math.max(at, 0), chunk.length)
}

/** Where a reader begins that wants only what comes after now. */
async function endOf(place: Place): Promise<number> {
  if (!place.isCompressed) return await place.lastNewline()
  let size = 0
  for await (const chunk of place.chunks(0)) size += chunk.length
  return size
}
