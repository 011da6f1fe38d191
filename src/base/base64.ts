/** Base64 and hex without Buffer: for browsers. Same promises as in bytes.ts, which picks Buffer where there is one. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const letter = (sextet: number) => LETTERS.charAt(sextet & 63)

export function encodeBase64(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3)
    const missing = at + 3 - bytes.length
    text += letter(a >> 2) + letter((a << 4) | (b >> 4))
    text += missing > 1 ? "=" : letter((b << 2) | (c >> 6))
    text += missing > 0 ? "=" : letter(c)
  }
  return text
}

/** As forgiving as Buffer: skips what is not a letter. The caller writes the value back and compares. */
export function decodeBase64(text: string): Uint8Array {
  const sextets = Array.from(text, (character) => LETTERS.indexOf(character)).filter((sextet) => sextet >= 0)
  const bytes = new Uint8Array(Math.floor((sextets.length * 6) / 8))
  for (let at = 0, to = 0; to < bytes.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = sextets.slice(at, at + 4)
    bytes[to++] = (a << 2) | (b >> 4)
    if (to < bytes.length) bytes[to++] = (b << 4) | (c >> 2)
    if (to < bytes.length) bytes[to++] = (c << 6) | d
  }
  return bytes
}

export function encodeHex(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0")
  return text
}

/** As forgiving as Buffer: what is not hex becomes something else. The caller writes the value back and compares. */
export function decodeHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, at) =>
    Number.parseInt(text.slice(at * 2, at * 2 + 2), 16),
  )
}
