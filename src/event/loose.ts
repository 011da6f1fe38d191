import { byteAt, type Scan } from "./scan.ts"

/**
 * Where things end that are not JSON. Nothing here can fail: it only looks at strings and brackets, and takes
 * the end of the body where they do not help.
 */

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Skips what may stand between two values of a body: white space, commas, NUL, RS (RFC 7464), a byte order
 * mark.
 */
export function skipBetween(scan: Scan, at: number): number {
  for (; at < scan.end; at++) {
    const byte = byteAt(scan, at)
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x2c) continue
    if (byte === 0x00 || byte === 0x1e) continue
    if (!BYTE_ORDER_MARK.every((mark, i) => byteAt(scan, at + i) === mark)) return at
    at += 2
  }
  return at
}

/**
 * The end of an item of a list that is not JSON: before the comma or "]" that stands outside its strings and
 * brackets, or the end of the body. Raw control characters are allowed in strings, and "]" closes what "{"
 * opened.
 */
export function endOfLoose(scan: Scan, at: number): number {
  const start = at
  let depth = 0
  for (; at < scan.end; at++) {
    const byte = byteAt(scan, at)
    if (byte === 0x22) at = endOfLooseString(scan, at)
    else if (byte === 0x7b || byte === 0x5b) depth++
    else if (depth === 0 && (byte === 0x2c || byte === 0x5d)) break
    else if (depth > 0 && (byte === 0x7d || byte === 0x5d)) depth--
  }
  return withoutWhite(scan, start, Math.min(at, scan.end))
}

/** The offset of the closing quote of the string whose opening quote is at `at`, or the end. */
function endOfLooseString(scan: Scan, at: number): number {
  for (at++; at < scan.end; at++) {
    const byte = byteAt(scan, at)
    if (byte === 0x22) return at
    if (byte === 0x5c) at++
  }
  return at
}

/**
 * The end of a line that is not JSON. What begins as an object or array may have been printed over several
 * lines, whose inner ones are indented: it ends before the next line that begins with "{" or "[". Anything
 * else ends with its line.
 */
export function endOfLine(scan: Scan, at: number): number {
  const { body, end } = scan
  const first = byteAt(scan, at)
  const mayGoOn = first === 0x7b || first === 0x5b
  for (let feed = body.indexOf(0x0a, at); feed >= 0; feed = body.indexOf(0x0a, feed + 1)) {
    const next = byteAt(scan, feed + 1)
    if (!mayGoOn || next === 0x7b || next === 0x5b) return withoutWhite(scan, at, feed)
  }
  return withoutWhite(scan, at, end)
}

function withoutWhite(scan: Scan, start: number, end: number): number {
  while (end > start + 1 && byteAt(scan, end - 1) <= 0x20) end--
  return end
}
