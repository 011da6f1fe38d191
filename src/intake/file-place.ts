import type { BigIntStats } from "node:fs"
import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import type { Micros } from "../base/time.ts"
import { type Compression, decompressed, MAGIC_BYTES, recogniseCompression } from "./decompress.ts"
import { type Content, digest, type LastLine } from "./file-content.ts"
import type { Candidate } from "./file-names.ts"

/** Bytes read at once: one batch, one sync of the journal. */
const CHUNK_BYTES = 1024 * 1024
/** A FIFO put in the place of a log must not block the reader. */
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * One file on disk, known by device and inode: what a name points to changes, this does not while it is open.
 * Several places may hold one content: a hard link has none of its own, a copy and a `.gz` do.
 */
export class Place {
  readonly key: string
  /** The configured path it was found under. */
  readonly entry: string
  /** Its newest name. */
  name: Candidate
  size: number
  signature: string
  /** When a change of size or time was last noticed. */
  changedAt: Micros
  /** It has no name under the configured path any more: deleted or moved away. Read on while it is open. */
  gone = false
  /** Gone, and emptied before that: what it held when it was read last lies in a copy, which is older. */
  begunAnew = false
  content: Content | undefined
  /** The signature at which it was read to its end. */
  settled: string | undefined
  /** Bytes of a plain file that were looked at: when it is shorter now, it was truncated. */
  lookedAt = 0
  /** At its end stands a line without newline. */
  partial = false
  /** Why it could not be read to its end. */
  damage: Error | undefined
  #handle: FileHandle | undefined
  #compression: Compression | undefined

  constructor(found: { entry: string; name: Candidate; stat: BigIntStats; now: Micros }) {
    this.entry = found.entry
    this.name = found.name
    this.key = keyOf(found.stat)
    this.size = Number(found.stat.size)
    this.signature = signatureOf(found.stat)
    this.changedAt = found.now
  }

  get isOpen(): boolean {
    return this.#handle !== undefined
  }

  get isCompressed(): boolean {
    return this.#compression !== undefined
  }

  /** Nothing should come any more: rotation gave it another name, or nobody can find it. */
  get hasEnded(): boolean {
    return this.gone || this.name.rotated !== undefined
  }

  /** Takes note of what stat says now. A closed file that changed may be another one under the same inode. */
  update(stat: BigIntStats, now: Micros): void {
    const signature = signatureOf(stat)
    if (signature === this.signature) return
    this.size = Number(stat.size)
    this.signature = signature
    this.changedAt = now
    if (!this.isOpen) this.content = undefined
  }

  async open(now: Micros): Promise<void> {
    if (this.#handle !== undefined) return
    const handle = await open(this.name.path, READ_ONLY)
    const stat = await handle.stat({ bigint: true })
    if (keyOf(stat) !== this.key) {
      await handle.close() // renamed since it was listed: the next look finds it
      return
    }
    this.#handle = handle
    this.update(stat, now)
    this.#compression = recogniseCompression(await this.#peek(0, MAGIC_BYTES))
  }

  /** Looks at the open file itself, whatever its names are. */
  async refresh(now: Micros): Promise<void> {
    if (this.#handle !== undefined) this.update(await this.#handle.stat({ bigint: true }), now)
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** The content from an offset to the size last seen. Of a compressed file, from its beginning: see {@link isCompressed}. */
  async *chunks(from: number): AsyncGenerator<Uint8Array, void> {
    yield* this.isCompressed ? decompressed(this.#raw(0)) : this.#raw(from)
  }

  /** False where the file does not hold those bytes at that offset. */
  async holds(bytes: LastLine): Promise<boolean> {
    return digest(await this.#peek(bytes.start, bytes.size)) === bytes.sha256
  }

  /** Offset after the last newline of a plain file, looking back a little: where a reader that joins late begins. */
  async lastNewline(): Promise<number> {
    const from = Math.max(0, this.size - CHUNK_BYTES)
    const newline = Buffer.from(await this.#peek(from, this.size - from)).lastIndexOf(0x0a)
    return newline < 0 ? this.size : from + newline + 1
  }

  async *#raw(from: number): AsyncGenerator<Uint8Array, void> {
    for (let at = from; at < this.size; ) {
      const chunk = await this.#peek(at, Math.min(CHUNK_BYTES, this.size - at))
      if (chunk.length === 0) return
      yield chunk
      at += chunk.length
    }
  }

  /** A fresh buffer each time: the journal keeps the newest records in memory. */
  async #peek(from: number, count: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(count)
    let size = 0
    while (size < count) {
      const got = await this.#handle?.read(buffer, size, count - size, from + size)
      if (got === undefined || got.bytesRead === 0) break
      size += got.bytesRead
    }
    return buffer.subarray(0, size)
  }
}

export function keyOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`
}

export function signatureOf(stat: BigIntStats): string {
  return `${keyOf(stat)}:${stat.size}:${stat.mtimeNs}`
}
