import { hash } from "node:crypto"
import type { Micros } from "../base/time.ts"
import type { Line } from "./file-lines.ts"

/**
 * Identity of a content: what it begins with, wherever it lies. A renamed, linked, copied or compressed log begins with
 * the same lines; a new one does not, because the first line of an audit log holds a UUID and two times to the
 * microsecond. The head runs to the end of a line, not over a fixed number of bytes: a client that chooses a long
 * Audit-ID could make two files equal over any fixed number, but not their stageTimestamps.
 */
export type Head = {
  /** NULs before the first line (copytruncate). */
  readonly skip: number
  readonly size: number
  readonly sha256: string
}

/** The end of the last line that was delivered: a content is gone on with elsewhere only where these bytes stand too. */
export type LastLine = { readonly start: number; readonly size: number; readonly sha256: string }

/** What has been read of one content. */
export type Content = {
  readonly source: string
  head: Head
  /** Offset in the decompressed content; every line before it is durable. */
  position: number
  last: LastLine | undefined
  /** The line before `position` was taken although no newline ended it. */
  torn: boolean
  /** Largest size seen: what must be read before the content may be gone. */
  largest: number
  seenAt: Micros
  /** Some of its next lines may be durable already: the last run ended before it could save its position. */
  unsure: boolean
}

/** Shortest head, while there is more: a line shorter than this could stand in two logs. */
export const HEAD_BYTES_MIN = 256
const LAST_BYTES_MAX = 1024
const NEWLINE = 0x0a

/** First bytes of a content after `skip` NULs, at least to the end of its head, when it has one yet. */
export type Beginning = { readonly skip: number; readonly bytes: Uint8Array; readonly headSize: number }

/**
 * Collects the beginning of a content. Undefined while it has no whole line: there is nothing to read either.
 * `whole`: nothing will follow, so that a line without newline counts.
 */
export async function readBeginning(
  chunks: AsyncIterable<Uint8Array>,
  limits: { readonly bytesMax: number; readonly whole: boolean },
): Promise<Beginning | undefined> {
  let skip = 0
  let bytes = Buffer.alloc(0)
  for await (const chunk of chunks) {
    let from = 0
    if (bytes.length === 0) {
      from = chunk.findIndex((byte) => byte !== 0)
      if (from < 0) from = chunk.length
      skip += from
    }
    bytes = Buffer.concat([bytes, chunk.subarray(from)])
    const newline = bytes.indexOf(NEWLINE, HEAD_BYTES_MIN - 1)
    if (newline >= 0) return { skip, bytes, headSize: newline + 1 }
    if (bytes.length >= limits.bytesMax) return { skip, bytes, headSize: bytes.length }
  }
  const headSize = limits.whole ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
  return headSize === 0 ? undefined : { skip, bytes, headSize }
}

export function headOf({ skip, bytes, headSize }: Beginning): Head {
  return { skip, size: headSize, sha256: digest(bytes.subarray(0, headSize)) }
}

/** True when a content that begins so can be the one whose head this is. */
export function beginsWith({ skip, bytes }: Beginning, head: Head): boolean {
  return (
    skip === head.skip && bytes.length >= head.size && digest(bytes.subarray(0, head.size)) === head.sha256
  )
}

export function lastOf(line: Line): LastLine {
  const size = Math.min(line.bytes.length, LAST_BYTES_MAX)
  const tail = line.bytes.subarray(line.bytes.length - size)
  return { start: line.start + line.bytes.length - size, size, sha256: digest(tail) }
}

export function digest(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex")
}
