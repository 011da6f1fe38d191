import { asBuffer } from "../base/buffer.ts"
import { concat } from "../base/bytes.ts"

/** One line of a content, without its newline. Offsets count bytes of the (decompressed) content. */
export type Line = {
  readonly start: number
  /** Where reading goes on once this line is delivered: after its newline. */
  readonly end: number
  readonly bytes: Uint8Array
  /** `cut`: it ended without a newline, at a hole or where nothing more will come. `long`: over the limit. */
  readonly fault?: "cut" | "long"
  /** Bytes of a long line that are not in `bytes`. */
  readonly dropped?: number
  /** It stands right behind a line that was cut, and may be the rest of it. */
  readonly isRest?: true
}

/** A run of NUL bytes: what copytruncate leaves before a writer that goes on at its old offset, or a lost disk block. */
export type Hole = { readonly start: number; readonly end: number }

export type Cut = { readonly lines: readonly Line[]; readonly holes: readonly Hole[] }

/**
 * Longest line kept whole. The API server bounds a request to 3 MiB, but a LIST answer at RequestResponse has no bound;
 * this is what the webhook takes as one body, too.
 */
export const LINE_BYTES_MAX = 64 * 1024 * 1024

const NEWLINE = 0x0a
const NUL = 0

/**
 * Cuts a content, handed over in chunks of any size, into lines. A NUL never stands in JSON or in a quoted legacy line,
 * so a run of them ends a line like a newline does and is reported as a hole: no record is ever made of NULs, and none
 * is skipped in silence. NULs at the end stay pending until something follows them: a writer may still fill them.
 */
export class LineCutter {
  readonly #lineBytesMax: number
  /** Content offset of the first byte not emitted yet. */
  #start: number
  #parts: Uint8Array[] = []
  #kept = 0
  #size = 0
  /** End of the pending run of NULs that begins at #start, when there is one. */
  #holeEnd: number | undefined
  #torn: boolean

  /** `torn`: the line before `start` was cut. */
  constructor(start: number, lineBytesMax = LINE_BYTES_MAX, torn = false) {
    this.#start = start
    this.#torn = torn
    this.#lineBytesMax = lineBytesMax
  }

  /** Offset to go on from: everything before it was emitted. */
  get position(): number {
    return this.#start
  }

  /** The last line was cut: what comes next may be its rest. */
  get torn(): boolean {
    return this.#torn
  }

  /** Offset after the last byte pushed. */
  get seen(): number {
    return this.#holeEnd ?? this.#start + this.#size
  }

  /** The lines may be views of `bytes`: they are good until the caller reuses it. */
  push(bytes: Uint8Array): Cut {
    // Buffer finds a byte with memchr, ten times as fast as Uint8Array does.
    const chunk = asBuffer(bytes)
    const lines: Line[] = []
    const holes: Hole[] = []
    for (let at = 0; at < chunk.length; ) {
      if (chunk[at] === NUL) {
        const to = endOfNuls(chunk, at)
        this.#hole(to - at, lines)
        at = to
        continue
      }
      if (this.#holeEnd !== undefined) holes.push(this.#endHole(this.#holeEnd))
      const nul = chunk.indexOf(NUL, at)
      const to = nul < 0 ? chunk.length : nul
      this.#text(at === 0 && nul < 0 ? chunk : chunk.subarray(at, to), lines)
      at = to
    }
    return { lines, holes }
  }

  /** What is left when nothing more will come: a line without newline, or NULs. */
  finish(): Cut {
    const lines: Line[] = []
    if (this.#size > 0) lines.push(this.#take(this.#start + this.#size, "cut"))
    return { lines, holes: this.#holeEnd === undefined ? [] : [this.#endHole(this.#holeEnd)] }
  }

  #text(text: Uint8Array, lines: Line[]): void {
    let at = 0
    for (;;) {
      const newline = text.indexOf(NEWLINE, at)
      if (newline < 0) break
      if (this.#size === 0 && newline - at <= this.#lineBytesMax) {
        const end = this.#start + (newline - at) + 1
        if (newline > at)
          lines.push(this.#mark({ start: this.#start, end, bytes: text.subarray(at, newline) }))
        this.#torn = false
        this.#start = end
      } else {
        this.#keep(text.subarray(at, newline))
        lines.push(this.#take(this.#start + this.#size + 1))
      }
      at = newline + 1
    }
    if (at < text.length) this.#keep(new Uint8Array(text.subarray(at))) // a Buffer's own slice is a view
  }

  #keep(part: Uint8Array): void {
    const room = this.#lineBytesMax - this.#kept
    if (room > 0) this.#parts.push(part.length <= room ? part : part.subarray(0, room))
    this.#kept += Math.min(room, part.length)
    this.#size += part.length
  }

  #take(end: number, fault?: "cut"): Line {
    const dropped = this.#size - this.#kept
    const bytes = concat(this.#parts)
    const start = this.#start
    this.#start = end
    this.#parts = []
    this.#kept = 0
    this.#size = 0
    const line: Line = {
      start,
      end,
      bytes,
      ...(dropped > 0 ? { fault: "long", dropped } : fault === undefined ? {} : { fault }),
    }
    const marked = this.#mark(line)
    this.#torn = fault === "cut"
    return marked
  }

  #mark(line: Line): Line {
    return this.#torn ? { ...line, isRest: true } : line
  }

  #hole(count: number, lines: Line[]): void {
    if (this.#size > 0) lines.push(this.#take(this.#start + this.#size, "cut"))
    this.#holeEnd = (this.#holeEnd ?? this.#start) + count
  }

  #endHole(end: number): Hole {
    const hole = { start: this.#start, end }
    this.#start = end
    this.#holeEnd = undefined
    return hole
  }
}

/** Holes are as large as the file was: compared by the page, not by the byte. */
const ZEROS = new Uint8Array(4096)

function endOfNuls(chunk: Uint8Array, from: number): number {
  let at = from
  while (at + ZEROS.length <= chunk.length && isZero(chunk.subarray(at, at + ZEROS.length)))
    at += ZEROS.length
  while (at < chunk.length && chunk[at] === NUL) at++
  return at
}

function isZero(page: Uint8Array): boolean {
  return Buffer.compare(page, ZEROS) === 0
}
