import { snappyUncompress } from "hysnappy"
import { concat } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { tooLarge } from "./too-large.ts"

/**
 * Snappy, bare blocks (Loki, remote write, most collectors) and the framed form, told apart by the frame's first bytes.
 * The one file that knows the library. Sizes are declared before the content: nothing larger is unpacked.
 */
export function expandSnappy(bytes: Uint8Array, bytesMax: number): Uint8Array {
  return isFramed(bytes) ? expandFrames(bytes, bytesMax) : expandBlock(bytes, bytesMax)
}

/** How large it says it becomes; of frames the most that they can. Undefined where that cannot be read. */
export function snappySize(bytes: Uint8Array): number | undefined {
  return isFramed(bytes) ? bytes.length * FRAME_RATIO_MAX : blockSize(bytes)?.size
}

/** "sNaPpY" as a chunk of its own (framing_format.txt §4.1). */
const STREAM_HEAD = Uint8Array.of(0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59)
const [COMPRESSED, PLAIN, SKIPPABLE] = [0x00, 0x01, 0x80]
const CHUNK_HEAD_BYTES = 4
const CRC_BYTES = 4
/** A copy of 64 bytes takes 3 bytes. */
const FRAME_RATIO_MAX = 22

function isFramed(bytes: Uint8Array): boolean {
  return STREAM_HEAD.every((byte, i) => bytes[i] === byte)
}

/** `before` are the bytes of the content that stand before it already. */
function expandBlock(bytes: Uint8Array, bytesMax: number, before = 0): Uint8Array {
  const { size = 0, start = 0 } = blockSize(bytes) ?? {}
  if (start === 0) throw damaged("it declares no size")
  if (before + size > bytesMax) throw tooLarge(bytesMax, before + size)
  if (size === 0) return new Uint8Array(0)
  try {
    return snappyUncompress(bytes, size)
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error)
  }
}

/** The size before the content: up to 32 bits, 7 in a byte, the lowest first. */
function blockSize(bytes: Uint8Array): { readonly size: number; readonly start: number } | undefined {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i]
    if (byte === undefined) return undefined
    size += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return size < 2 ** 32 ? { size, start: i + 1 } : undefined
  }
  return undefined
}

function expandFrames(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  for (let at = 0; at < bytes.length; ) {
    const [type = 0, a = 0, b = 0, c = 0] = bytes.subarray(at, at + CHUNK_HEAD_BYTES)
    const end = at + CHUNK_HEAD_BYTES + a + b * 0x100 + c * 0x10000
    if (end > bytes.length) throw damaged("a chunk is cut off")
    const content = bytes.subarray(at + CHUNK_HEAD_BYTES + CRC_BYTES, end)
    if (type === COMPRESSED) parts.push(expandBlock(content, bytesMax, size))
    else if (type === PLAIN) parts.push(content)
    else if (type < SKIPPABLE) throw damaged(`a chunk is of the unknown type ${type}`)
    size += type <= PLAIN ? (parts.at(-1)?.length ?? 0) : 0
    if (size > bytesMax) throw tooLarge(bytesMax, size)
    at = end
  }
  return concat(parts)
}

function damaged(why: string, cause?: unknown): Refusal {
  return new Refusal("body.damaged", `the snappy data cannot be decoded: ${why}`, {}, cause)
}
