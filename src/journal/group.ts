import { isUtf8 } from "node:buffer"
import { toBase64 } from "../base/bytes.ts"
import { formatMicros } from "../base/time.ts"
import { formatWords, type PlacedRecord } from "../event/record.ts"
import { COMMIT_BYTES_MAX, countControls, type Encoding, formatCommit, groupCrc, isText } from "./line.ts"

/** Above this the memory is given back after the group: a single body of 60 MB must not stay for good. */
const SCRATCH_BYTES_MAX = 32 * 1024 * 1024
const SCRATCH_BYTES_MIN = 256 * 1024

const NEWLINE = 0x0a
/** Bytes below 0x20 that a line has of its own: its TAB and its newline. */
const CONTROLS_PER_LINE = 2

/**
 * Writes groups as bytes, into one memory that is used again for each: fresh memory cost 0.6 to 4 µs per record in page
 * faults, as much as all the rest. The bytes are good until the next call.
 */
export class GroupWriter {
  #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES_MIN)

  /** The lines of `records`, which are one after the other, and their commit line. */
  write(records: readonly PlacedRecord[], group: number): Uint8Array {
    const middles = middlesOf(records)
    // Nearly always all bodies are text: written as such, and checked once over the whole group.
    let size = this.#lines(records, middles, undefined)
    const lines = this.#scratch.subarray(0, size)
    if (!isUtf8(lines) || countControls(lines) !== records.length * CONTROLS_PER_LINE) {
      const encodings = records.map(({ body }): Encoding => (isText(body) ? "text" : "base64"))
      size = this.#lines(records, middles, encodings)
    }
    const counted = { group, first: records[0]?.number ?? 0, count: records.length }
    const commit = formatCommit({ ...counted, crc: groupCrc(this.#scratch.subarray(0, size), counted) })
    const end = size + this.#scratch.write(commit, size, "latin1")
    return this.#scratch.subarray(0, end)
  }

  /** Gives memory back that only an uncommonly large group needed. */
  release(): void {
    if (this.#scratch.length > SCRATCH_BYTES_MAX) this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES_MIN)
  }

  #lines(
    records: readonly PlacedRecord[],
    middles: readonly string[],
    encodings: readonly Encoding[] | undefined,
  ): number {
    this.#reserve(records, middles)
    const scratch = this.#scratch
    let at = 0
    for (let i = 0; i < records.length; i++) {
      const record = records[i]
      if (record === undefined) break
      const encoding = encodings === undefined ? "text" : (encodings[i] ?? "text")
      at += scratch.write(`${record.number}${middles[i]} ${encoding}\t`, at, "latin1")
      if (encoding === "base64") {
        at += scratch.write(toBase64(record.body), at, "latin1")
      } else {
        scratch.set(record.body, at)
        at += record.body.length
      }
      scratch[at++] = NEWLINE
    }
    return at
  }

  #reserve(records: readonly PlacedRecord[], middles: readonly string[]): void {
    let bytes = COMMIT_BYTES_MAX
    for (let i = 0; i < records.length; i++) {
      // Number, encoding and separators are below 32 bytes; base64 needs 4 bytes for 3.
      bytes += (middles[i]?.length ?? 0) + 32 + Math.ceil((records[i]?.body.length ?? 0) / 3) * 4
    }
    if (bytes <= this.#scratch.length) return
    let size = this.#scratch.length
    while (size < bytes) size *= 2
    this.#scratch = Buffer.allocUnsafeSlow(size)
  }
}

/** What stands between number and encoding. Records of a group share their time and mostly their source. */
function middlesOf(records: readonly PlacedRecord[]): string[] {
  let time = ""
  let timeOf = Number.NaN
  return records.map(({ receivedAt, source, n, kind, words }) => {
    if (receivedAt !== timeOf) {
      time = formatMicros(receivedAt)
      timeOf = receivedAt
    }
    return ` ${time} ${source} ${n} ${kind}${words.length === 0 ? "" : formatWords(words)}`
  })
}
