import { concat } from "../base/bytes.ts"

/** What a stream of JSON values holds, piece by piece. */
export type Piece =
  /** One event of a list, of an array, or standing by itself: its exact bytes. */
  | { readonly kind: "item"; readonly bytes: Uint8Array }
  /** What stood before the items of a list, closed so that it is JSON: usually kind, apiVersion and empty metadata. */
  | { readonly kind: "envelope"; readonly bytes: Uint8Array }
  /**
   * The beginning of an item that is too large or has no end; not JSON by itself. What is left out is counted, not kept
   * in pieces: a piece could begin in the middle of a secret, where no rule of redaction can know it.
   */
  | { readonly kind: "part"; readonly bytes: Uint8Array; readonly dropped: number }

/** An item up to this size is kept whole: as for one body of the webhook. */
export const ITEM_BYTES_MAX = 64 * 1024 * 1024

/**
 * Where the next byte stands. `top`: between values. `envelope`: in an object that stands by itself, before a key.
 * `key`: in a key of it. `colon`, `member`: before and after its colon. `list`: between items. `value`: in any value.
 */
type State = "top" | "envelope" | "key" | "colon" | "member" | "list" | "value"

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]
const NEWLINE = 0x0a
const KEY_LENGTH_MAX = 16

/**
 * Cuts EventLists, arrays of events and single events out of a stream of any size, in memory bounded by the largest item.
 * It only finds where items begin and end, by brackets outside of strings; whoever takes the pieces judges each. Where a
 * bracket or quote is missing, what follows is one item with it, as far as the limit goes.
 */
export class ListCutter {
  readonly #itemBytesMax: number
  #pieces: Piece[] = []
  #state: State = "top"
  /** Where a list or a value is left to. */
  #outer: State = "top"
  #afterValue: State = "top"
  #depth = 0
  #inString = false
  #escaped = false
  /** It is neither object, array nor string: a number, or anything at all up to the next comma (or line). */
  #isLoose = false
  #key = ""
  #isList = false
  /** The capture that is open: parts of it in earlier chunks, and where it begins in this one. */
  #capturing = false
  #parts: Uint8Array[] = []
  #size = 0
  #dropped = 0
  #from = 0

  constructor(itemBytesMax = ITEM_BYTES_MAX) {
    this.#itemBytesMax = itemBytesMax
  }

  /** Every value so far has ended. */
  get isBetween(): boolean {
    return this.#state === "top"
  }

  push(chunk: Uint8Array): readonly Piece[] {
    this.#from = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === "value") at = this.#value(chunk, at)
      else if (this.#state === "key") at = this.#keyText(chunk, at)
      else at = this.#between(chunk, at, chunk[at] as number)
    }
    if (this.#capturing) this.#keep(chunk.slice(this.#from))
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  /** What is left when nothing more comes: a value without its end. */
  finish(): readonly Piece[] {
    const bytes = this.#capturing ? concat(this.#parts) : new Uint8Array()
    return bytes.length === 0 ? [] : [{ kind: "part", bytes, dropped: this.#dropped }]
  }

  /** One byte that is in no value and no key; returns the offset to go on from. */
  #between(chunk: Uint8Array, at: number, byte: number): number {
    if (byte <= 0x20 || byte === COMMA) return at + 1
    switch (this.#state) {
      case "top":
        return this.#top(at, byte)
      case "envelope":
        if (byte === CLOSE_OBJECT) this.#endEnvelope(chunk, at + 1)
        else if (byte === QUOTE) {
          this.#key = ""
          this.#state = "key"
        }
        return at + 1
      case "colon":
        if (byte === COLON) this.#state = "member"
        else if (byte === CLOSE_OBJECT) this.#endEnvelope(chunk, at + 1)
        return at + 1
      case "member":
        return this.#member(chunk, at, byte)
      default:
        if (byte === CLOSE_ARRAY) {
          this.#state = this.#outer
          return at + 1
        }
        this.#startCapture(at)
        return this.#startValue("list", at)
    }
  }

  #top(at: number, byte: number): number {
    if (byte === OPEN_ARRAY) {
      this.#outer = "top"
      this.#state = "list"
      return at + 1
    }
    this.#startCapture(at)
    if (byte !== OPEN_OBJECT) return this.#startValue("top", at)
    this.#isList = false
    this.#state = "envelope"
    return at + 1
  }

  #member(chunk: Uint8Array, at: number, byte: number): number {
    if (byte === OPEN_ARRAY && this.#key === "items") {
      if (!this.#isList) this.#endCapture(chunk, at + 1, "envelope")
      this.#isList = true
      this.#outer = "envelope"
      this.#state = "list"
      return at + 1
    }
    // A list has no other members with members of their own: what stands there may be events under another name.
    const isDeep = byte === OPEN_OBJECT || byte === OPEN_ARRAY
    if (this.#isList && isDeep && this.#key !== "metadata") this.#startCapture(at)
    return this.#startValue("envelope", at)
  }

  #endEnvelope(chunk: Uint8Array, end: number): void {
    if (!this.#isList) this.#endCapture(chunk, end, "item")
    this.#state = "top"
  }

  #keyText(chunk: Uint8Array, from: number): number {
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#escaped) this.#escaped = false
      else if (byte === BACKSLASH) this.#escaped = true
      else if (byte === QUOTE) {
        this.#state = "colon"
        return at + 1
      }
      if (this.#key.length < KEY_LENGTH_MAX) this.#key += String.fromCharCode(byte)
    }
    return at
  }

  #startValue(after: State, at: number): number {
    this.#afterValue = after
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    this.#isLoose = false
    this.#state = "value"
    return at
  }

  /** Goes on in a value until its end, or the end of the chunk. The one loop that sees every byte: no calls in it. */
  #value(chunk: Uint8Array, from: number): number {
    let depth = this.#depth
    let inString = this.#inString
    let isLoose = this.#isLoose
    const isAtTop = this.#afterValue === "top"
    let at = from
    let end = -1
    if (this.#escaped) {
      this.#escaped = false
      at++
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (inString) {
        if (byte === BACKSLASH) {
          if (at + 1 < chunk.length) at++
          else this.#escaped = true
        } else if (byte === QUOTE) {
          inString = false
          if (depth === 0 && !isLoose) {
            end = at + 1
            break
          }
        }
      } else if (byte === QUOTE) {
        inString = true
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        depth++
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (depth === 0) {
          end = isLoose ? at : at + 1
          break
        }
        if (--depth === 0 && !isLoose) {
          end = at + 1
          break
        }
      } else if (depth === 0) {
        if (byte === COMMA || (byte === NEWLINE && isAtTop)) {
          end = at
          break
        }
        isLoose ||= byte > 0x20
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#isLoose = isLoose
    if (end < 0) return chunk.length
    if (this.#capturing && (this.#afterValue !== "envelope" || this.#isList))
      this.#endCapture(chunk, end, "item")
    this.#state = this.#afterValue
    return end
  }

  #startCapture(at: number): void {
    this.#capturing = true
    this.#from = at
    this.#dropped = 0
  }

  #endCapture(chunk: Uint8Array, end: number, kind: "item" | "envelope"): void {
    this.#keep(chunk.subarray(this.#from, end))
    const bytes = concat(this.#parts)
    const dropped = this.#dropped
    this.#capturing = false
    this.#parts = []
    this.#size = 0
    if (dropped > 0) this.#pieces.push({ kind: "part", bytes, dropped })
    else if (kind === "item") this.#pieces.push({ kind, bytes })
    else this.#pieces.push({ kind, bytes: concat([bytes, new Uint8Array([CLOSE_ARRAY, CLOSE_OBJECT])]) })
  }

  #keep(part: Uint8Array): void {
    const kept = part.subarray(0, Math.max(0, this.#itemBytesMax - this.#size))
    if (kept.length > 0) this.#parts.push(kept)
    this.#size += kept.length
    this.#dropped += part.length - kept.length
  }
}
