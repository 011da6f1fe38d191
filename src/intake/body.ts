import type { Readable } from "node:stream"
import { concat } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { decompressBody } from "./decompress.ts"
import type { Hold } from "./in-flight.ts"
import { tooLarge } from "./too-large.ts"

/** One request's body on its way in. */
export type Incoming = {
  readonly stream: Readable
  /** Content-Encoding, as sent. */
  readonly encoding: string | undefined
  /** Content-Length, where the sender gave one. */
  readonly length: number | undefined
  /** Says 100 Continue to a sender that waits for it; called just before reading, and never before a refusal. */
  readonly proceed?: (() => void) | undefined
}

export type BodyRules = {
  /** Before and after decompression. */
  readonly bodyBytesMax: number
  /** From the first wait for a byte to the last byte. */
  readonly requestTimeoutMs: number
  readonly hold: Hold
}

/** Charged for any body, so that a million tiny ones are not free: request, socket and stream objects. */
const REQUEST_BYTES = 4 * 1024

/**
 * The whole body, decoded; its bytes are covered by `hold`. Refuses `body.tooLarge`, `body.encoding`, `body.damaged`,
 * `body.slow`, `body.cut` and `intake.overBudget`; where the sender still writes, only after reading to the end (at
 * most `bodyBytesMax` more), because one that is cut off while writing sees a broken connection instead of the answer.
 */
export async function readBody(incoming: Incoming, rules: BodyRules): Promise<Uint8Array> {
  const raw = await new Promise<Uint8Array>((resolve, reject) => {
    new BodyReader(incoming, rules, { resolve, reject }).start()
  })
  return await unpackBody(raw, incoming.encoding, rules)
}

/**
 * What a whole body holds under a `Content-Encoding`, covered by `hold` beside the body itself. Room is asked for while it
 * unpacks: 64 KiB may become 64 MiB, or not. Refuses `body.encoding`, `body.damaged`, `body.tooLarge` and
 * `intake.overBudget`.
 */
export async function unpackBody(
  raw: Uint8Array,
  encoding: string | undefined,
  { bodyBytesMax, hold }: Pick<BodyRules, "bodyBytesMax" | "hold">,
): Promise<Uint8Array> {
  const onGrowth = (size: number) => cover(hold, raw.length + size)
  return await decompressBody(raw, encoding, { bytesMax: bodyBytesMax, onGrowth })
}

function cover(hold: Hold, bytes: number): void {
  if (hold.cover(bytes + REQUEST_BYTES)) return
  throw new Refusal("intake.overBudget", "too many bytes in flight for one more body of this sender")
}

type Answer = { readonly resolve: (body: Uint8Array) => void; readonly reject: (why: Refusal) => void }

/** Reads the bytes as sent. Either keeps them all, or has a refusal and reads the rest only to drop it. */
class BodyReader {
  readonly #incoming: Incoming
  readonly #rules: BodyRules
  readonly #answer: Answer
  #whole: Buffer | undefined
  #chunks: Buffer[] = []
  #received = 0
  #refusal: Refusal | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(incoming: Incoming, rules: BodyRules, answer: Answer) {
    this.#incoming = incoming
    this.#rules = rules
    this.#answer = answer
  }

  start(): void {
    const { stream, length, proceed } = this.#incoming
    const { requestTimeoutMs } = this.#rules
    this.#attempt(() => this.#reserve(length))
    // Nothing of it was sent yet and nothing will be.
    if (this.#refusal !== undefined && proceed !== undefined) {
      this.#end()
      return
    }
    proceed?.()
    this.#timer = setTimeout(() => this.#stop(tooSlow(requestTimeoutMs, this.#received)), requestTimeoutMs)
    stream.on("data", this.#onData)
    stream.on("end", this.#onEnd)
    stream.on("error", this.#onGone)
    stream.on("close", this.#onGone)
  }

  /** Where the length is known: room and memory for all of it, once. */
  #reserve(length: number | undefined): void {
    const { bodyBytesMax, hold } = this.#rules
    if (length !== undefined && length > bodyBytesMax) throw tooLarge(bodyBytesMax, length)
    cover(hold, length ?? 0)
    // allocUnsafeSlow: exact, not a slice of a shared slab that a small record would keep alive.
    if (length !== undefined) this.#whole = Buffer.allocUnsafeSlow(length)
  }

  readonly #onData = (chunk: Buffer): void => {
    const at = this.#received
    this.#received += chunk.length
    if (this.#refusal === undefined) this.#attempt(() => this.#keep(chunk, at))
    else if (this.#received > 2 * this.#rules.bodyBytesMax) this.#end()
  }

  #keep(chunk: Buffer, at: number): void {
    const { bodyBytesMax, hold } = this.#rules
    if (this.#whole === undefined) {
      if (this.#received > bodyBytesMax) throw tooLarge(bodyBytesMax, this.#received)
      cover(hold, this.#received)
      this.#chunks.push(chunk)
    } else {
      if (this.#received > this.#whole.length) throw cut("more bytes than Content-Length said")
      chunk.copy(this.#whole, at)
    }
  }

  readonly #onEnd = (): void => {
    const missing = this.#whole !== undefined && this.#received < this.#whole.length
    if (missing && this.#refusal === undefined) this.#refusal = cut("fewer bytes than Content-Length said")
    this.#end()
  }

  readonly #onGone = (): void => {
    if (!this.#incoming.stream.readableEnded) this.#stop(cut(`the sender left after ${this.#received} bytes`))
  }

  #attempt(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#drop(error)
    }
  }

  /** From here the rest is read and forgotten. */
  #drop(why: Refusal): void {
    this.#refusal ??= why
    this.#whole = undefined
    this.#chunks = []
    this.#rules.hold.release()
  }

  /** Answers now, read to the end or not. */
  #stop(why: Refusal): void {
    this.#drop(why)
    this.#end()
  }

  #end(): void {
    clearTimeout(this.#timer)
    const { stream } = this.#incoming
    // The error listener stays: a socket may still break while the answer is on its way.
    stream.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onGone)
    if (!stream.readableEnded) stream.pause()
    const [first] = this.#chunks
    if (this.#refusal !== undefined) this.#answer.reject(this.#refusal)
    else if (this.#whole !== undefined) this.#answer.resolve(this.#whole)
    else this.#answer.resolve(first !== undefined && this.#chunks.length === 1 ? first : concat(this.#chunks))
  }
}

function tooSlow(requestTimeoutMs: number, received: number): Refusal {
  const message = `the body did not arrive within ${requestTimeoutMs} ms; saw ${received} bytes`
  return new Refusal("body.slow", message, { requestTimeoutMs })
}

function cut(why: string): Refusal {
  return new Refusal("body.cut", why)
}
