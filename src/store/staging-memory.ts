import type { FileHandle } from "node:fs/promises"
import { RUN_BYTES_MAX } from "./alike.ts"
import { damagedJournal } from "./staged-json.ts"

/**
 * Memory of one size, kept when it is given back. Memory outside of its heap makes V8 look through all of the heap for each
 * few dozen MiB that are taken anew: five times for a segment, which was a tenth of what a segment cost.
 */
class BufferPool {
  readonly #size: number
  readonly #keptMax: number
  readonly #kept: ArrayBuffer[] = []

  constructor({ size, keptMax }: { readonly size: number; readonly keptMax: number }) {
    this.#size = size
    this.#keptMax = keptMax
  }

  /** The first `bytes` of one; what does not fit has memory of its own. What stands in it is left from others. */
  take(bytes: number): Buffer<ArrayBuffer> {
    if (bytes > this.#size) return Buffer.allocUnsafeSlow(bytes)
    return Buffer.from(this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.#size).buffer, 0, bytes)
  }

  /** What {@link take} gave; nobody may look into it any more. */
  give({ buffer }: Buffer<ArrayBuffer>): void {
    if (buffer.byteLength === this.#size && this.#kept.length < this.#keptMax) this.#kept.push(buffer)
  }
}

/**
 * Of one staged file. DuckDB works on 2,048 lines at once and copies them several times over: this bounds what that
 * takes.
 */
export const FILE_BYTES_MAX = 16 * 1024 * 1024

/** A staging for the tail and one for a segment may be under way. */
export const FILE_BUFFERS = new BufferPool({ size: FILE_BYTES_MAX, keptMax: 2 })

/**
 * Of the journal, read at once; grows to the size of the largest group. Also what is worked on between two turns of the
 * event loop.
 */
export const WINDOW_BYTES = 2 * 1024 * 1024

/** As many as the lines of a run lie in, and the one being read. */
export const WINDOWS = new BufferPool({ size: WINDOW_BYTES, keptMax: RUN_BYTES_MAX / WINDOW_BYTES + 2 })

/** Committed bytes `[start, end)` of a journal file, in memory from {@link WINDOWS}. */
export async function readWindow(
  handle: FileHandle,
  start: number,
  end: number,
): Promise<Buffer<ArrayBuffer>> {
  const window = WINDOWS.take(end - start)
  let at = 0
  while (at < window.length) {
    const { bytesRead } = await handle.read(window, at, window.length - at, start + at)
    if (bytesRead === 0) throw damagedJournal("the journal is shorter than what was committed to it")
    at += bytesRead
  }
  return window
}
