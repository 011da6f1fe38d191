import { createGunzip, createInflate, createZstdDecompress } from "node:zlib"
import { concat } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { codeOf } from "../base/system-error.ts"
import { expandSnappy, snappySize } from "./snappy.ts"
import { tooLarge } from "./too-large.ts"

export type Compression = "gzip" | "zstd" | "deflate"

/** Bytes that {@link recogniseCompression} needs. */
export const MAGIC_BYTES = 4

/** Output of one turn of the engine: large enough that crossing threads costs little beside 64 KiB of input. */
const ENGINE_CHUNK_BYTES = 256 * 1024

/** By the first bytes, never by a file name: `audit.log.gz` may be plain and `-` has no name. */
export function recogniseCompression(head: Uint8Array): Compression | undefined {
  const [a, b, c, d] = head
  if (a === 0x1f && b === 0x8b) return "gzip" // RFC 1952 §2.3.1
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd" // RFC 8878 §3.1.1
  return undefined
}

/**
 * The content of a stream that may be compressed with gzip or zstd, chunk by chunk in constant memory. Several members
 * or frames in a row are one content, as for the command line tools.
 *
 * Node alone ends silently after the first zstd frame and at a second gzip member whose magic is damaged, so that all
 * that follows would be lost unseen. Here it is decoded, or refused with `body.damaged`; only zero padding is skipped.
 * A stream that ends in the middle is refused too, after everything before the end was yielded.
 */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const source = new Rest(chunks)
  try {
    const head = await source.peek(MAGIC_BYTES)
    const compression = recogniseCompression(head)
    if (compression === undefined) yield* source.all()
    else yield* decoded(source, compression)
  } finally {
    await source.close()
  }
}

export type Unpacking = {
  /** Of the content. */
  readonly bytesMax: number
  /** Told how large the content is so far, or says it will be, before that is kept; may refuse it. */
  readonly onGrowth?: (bytes: number) => void
}

/**
 * A whole body under a `Content-Encoding`. Refuses `body.encoding` for one it does not know, `body.damaged`, and
 * `body.tooLarge` as soon as the content passes `bytesMax`: a bomb is not unpacked further.
 */
export async function decompressBody(
  body: Uint8Array,
  encoding: string | undefined,
  { bytesMax, onGrowth }: Unpacking,
): Promise<Uint8Array> {
  const compression = parseEncoding(encoding)
  if (compression === "snappy") {
    onGrowth?.(Math.min(bytesMax, snappySize(body) ?? 0))
    return expandSnappy(body, bytesMax)
  }
  if (compression === undefined) {
    if (body.length > bytesMax) throw tooLarge(bytesMax, body.length)
    return body
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of decoded(new Rest(justOne(body)), compression)) {
    size += part.length
    if (size > bytesMax) throw tooLarge(bytesMax, size)
    onGrowth?.(size)
    parts.push(part)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : concat(parts)
}

function parseEncoding(encoding: string | undefined): Compression | "snappy" | undefined {
  const name = (encoding ?? "").trim().toLowerCase()
  if (name === "" || name === "identity") return undefined
  if (name === "gzip" || name === "x-gzip") return "gzip"
  if (name === "zstd" || name === "deflate" || name === "snappy") return name
  throw new Refusal(
    "body.encoding",
    `the content encoding is ${JSON.stringify(name.slice(0, 40))}; gzip, zstd, deflate, snappy and identity are known`,
  )
}

async function* decoded(source: Rest, compression: Compression): AsyncGenerator<Uint8Array, void> {
  do {
    yield* decodedMember(source, compression)
    await skipPadding(source)
  } while ((await source.peek(1)).length > 0)
}

/** One gzip member (or several: the engine joins them itself) or zstd frame. What follows stays in `source`. */
async function* decodedMember(source: Rest, compression: Compression): AsyncGenerator<Uint8Array, void> {
  const engine = makeEngine(compression)
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
    }
    engine.once("end", end).once("error", end).once("close", end)
  })
  async function feed(): Promise<void> {
    while (!over) {
      const chunk = await source.next()
      if (chunk === undefined) {
        engine.end()
        return
      }
      const before = engine.bytesWritten
      // The callback never comes for a chunk in which the member ended.
      await Promise.race([new Promise<void>((resolve) => engine.write(chunk, () => resolve())), ended])
      const used = engine.bytesWritten - before
      if (used < chunk.length) source.giveBack(chunk.subarray(used))
    }
  }
  const feeding = feed().catch((error: unknown) => engine.destroy(error as Error))
  try {
    for await (const part of engine) yield part as Uint8Array
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error)?.startsWith("Z") !== true) throw error
    throw new Refusal(
      "body.damaged",
      `the ${compression} data cannot be decoded: ${error.message}`,
      {},
      error,
    )
  }
  await feeding
}

function makeEngine(compression: Compression) {
  const options = { chunkSize: ENGINE_CHUNK_BYTES }
  if (compression === "gzip") return createGunzip(options)
  return compression === "zstd" ? createZstdDecompress(options) : createInflate(options)
}

/** Zeros after the last member are padding of tapes and block devices (RFC 1952 has none; gzip(1) skips them). */
async function skipPadding(source: Rest): Promise<void> {
  for (;;) {
    const chunk = await source.next()
    if (chunk === undefined) return
    const first = chunk.findIndex((byte) => byte !== 0)
    if (first < 0) continue
    source.giveBack(chunk.subarray(first))
    return
  }
}

/** What is not read yet of a stream, with the right to put bytes back. */
class Rest {
  readonly #chunks: AsyncIterator<Uint8Array>
  #front: Uint8Array | undefined

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async next(): Promise<Uint8Array | undefined> {
    const front = this.#front
    this.#front = undefined
    if (front !== undefined && front.length > 0) return front
    const { done, value } = await this.#chunks.next()
    return done ? undefined : value
  }

  giveBack(chunk: Uint8Array): void {
    this.#front = this.#front === undefined ? chunk : concat([chunk, this.#front])
  }

  /** The next `count` bytes, fewer at the end. */
  async peek(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let size = 0
    while (size < count) {
      const chunk = await this.next()
      if (chunk === undefined) break
      parts.push(chunk)
      size += chunk.length
    }
    const head = concat(parts)
    this.giveBack(head)
    return head.subarray(0, count)
  }

  async *all(): AsyncGenerator<Uint8Array, void> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

async function* justOne(body: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield body
}
