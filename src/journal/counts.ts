import { asBuffer } from "../base/buffer.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { RESERVED } from "../event/record.ts"
import { type Heartbeat, heartbeat, type Loss, loss } from "./control.ts"
import { controlKindOf } from "./control-kind.ts"
import { type Group, groupLines, parseJournalLine } from "./line.ts"

const SPACE = 0x20
/** An RFC 3339 time with six fraction digits. */
const TIME_LENGTH = 27

/** Numbers of a source that are missing: from (inclusive) to (exclusive). */
export type Gap = readonly [source: string, from: number, to: number]

/**
 * What a restart must know of the journal besides its bytes: each source's next number, the last time given, the losses
 * already told. Fed with all groups in their order. Reads the head of each line only, about 0.5 µs a record.
 */
export class Counts {
  readonly next = new Map<string, number>()
  readonly losses: Loss[] = []
  /** Numbers that were skipped, since {@link takeGaps} was last called. */
  #gaps: Gap[] = []
  #lastLine: Uint8Array | undefined

  hear(file: Uint8Array, group: Group): void {
    for (const line of groupLines(file, group)) {
      this.#hearLine(line)
      this.#lastLine = line
    }
  }

  /** receivedAt of the last record. */
  givenAt(): Micros | undefined {
    return this.#lastLine === undefined ? undefined : parseJournalLine(this.#lastLine).receivedAt
  }

  takeGaps(): Gap[] {
    const gaps = this.#gaps
    this.#gaps = []
    return gaps
  }

  /** `count` sealed records are gone and nobody knows whose: no source may use one of their numbers again. */
  skip(count: number): void {
    for (const [source, n] of this.next) this.#expect(source, n + count)
  }

  #hearLine(line: Uint8Array): void {
    const bytes = asBuffer(line)
    const source = bytes.indexOf(SPACE) + 1 + TIME_LENGTH + 1
    const n = bytes.indexOf(SPACE, source) + 1
    const end = bytes.indexOf(SPACE, n)
    const name = bytes.toString("latin1", source, n - 1)
    const number = Number(bytes.toString("latin1", n, end))
    this.#expect(name, number)
    if (Number.isSafeInteger(number)) this.next.set(name, Math.max(number + 1, this.next.get(name) ?? 0))
    if (name === RESERVED) this.#hearControl(line)
  }

  #hearControl(line: Uint8Array): void {
    try {
      const { body } = parseJournalLine(line)
      const text = asBuffer(body).toString()
      const kind = controlKindOf(body)
      if (kind === heartbeat.kind) this.#hearHeartbeat(heartbeat.parse(text))
      if (kind === loss.kind) this.losses.push(loss.parse(text))
    } catch (error) {
      // Its group's CRC is right, so a newer version wrote it, or somebody else. What it says is verify's to judge.
      if (!isRefusal(error)) throw error
    }
  }

  #hearHeartbeat({ next }: Heartbeat): void {
    for (const [source, n] of next) this.#expect(source, n)
  }

  /** The next number of `source` is at least `n`; what was skipped is a gap. */
  #expect(source: string, n: number): void {
    const known = this.next.get(source)
    if (known !== undefined && known >= n) return
    if (known !== undefined) this.#gaps.push([source, known, n])
    this.next.set(source, n)
  }
}
