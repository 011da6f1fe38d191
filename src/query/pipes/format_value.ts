import { fromHex, ifBase64, toBase64, toBytes, toHex, utf8 } from "../../base/bytes.ts"
import { jsonString } from "../json_text.ts"
import { formatDuration, formatNanos, parseUnixTime } from "../nanos.ts"
import { formatIpv4, formatNumber, parseDuration } from "../number.ts"

/** How `format "<option:field>"` shows a value. What an option cannot read stays as it is. */
const OPTIONS: Readonly<Record<string, (value: string) => string | undefined>> = {
  q: jsonString,
  uc: (value) => mapChars(value, (char) => char.toUpperCase()),
  lc: (value) => mapChars(value, (char) => char.toLowerCase()),
  urlencode: (value) =>
    encodeURIComponent(value)
      .replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll("%20", "+"),
  urldecode: urlDecode,
  hexencode: (value) => toHex(toBytes(value)).toUpperCase(),
  hexdecode: (value) => utf8(fromHexPairs(toBytes(value))),
  base64encode: (value) => toBase64(toBytes(value)),
  base64decode: (value) => textOf(ifBase64(value)),
  time: (value) => shown(parseUnixTime(value), formatNanos),
  duration: (value) => shown(wholeOf(value), formatDuration),
  duration_seconds: (value) => shown(parseDuration(value), (nanos) => formatNumber(nanos / 1e9)),
  ipv4: (value) => shown(belowBits(value, 32), (number) => formatIpv4(Number(number))),
  hexnumencode: (value) =>
    shown(belowBits(value, 64), (number) => number.toString(16).toUpperCase().padStart(16, "0")),
  hexnumdecode: (value) => (/^[0-9A-Fa-f]{0,16}$/.test(value) ? BigInt(`0x0${value}`).toString() : undefined),
}

/** Two digits are a byte; what is no such pair stays as it is. */
function fromHexPairs(bytes: Uint8Array): Uint8Array {
  const decoded: number[] = []
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = bytes.subarray(at, at + 2)
    const byte = pair.length === 2 ? 16 * digitOf(pair[0] ?? 0) + digitOf(pair[1] ?? 0) : Number.NaN
    if (Number.isNaN(byte)) decoded.push(...pair)
    else decoded.push(byte)
  }
  return Uint8Array.from(decoded)
}

/** The value of a hexadecimal digit in ASCII; NaN for other bytes. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN
}

/** Digits may stand in groups, `1_000`; what begins with a zero is a code, not a number. */
const WHOLE = /^(0|-?[1-9][0-9]*(_[0-9]+)*)$/
const DIGITS_MAX = 30

/** An option nobody knows changes nothing. */
export function formatValue(option: string, value: string): string {
  const show = Object.hasOwn(OPTIONS, option) ? OPTIONS[option] : undefined
  return show?.(value) ?? value
}

function shown<T>(value: T | undefined, show: (value: T) => string): string | undefined {
  return value === undefined ? undefined : show(value)
}

function wholeOf(value: string): bigint | undefined {
  if (value.length > DIGITS_MAX || !WHOLE.test(value)) return undefined
  const whole = BigInt(value.replaceAll("_", ""))
  return BigInt.asIntN(64, whole) === whole ? whole : undefined
}

function belowBits(value: string, bits: number): bigint | undefined {
  if (value.length > DIGITS_MAX || !WHOLE.test(value)) return undefined
  const whole = BigInt(value.replaceAll("_", ""))
  return whole >= 0n && whole < 2n ** BigInt(bits) ? whole : undefined
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8(bytes)
}

/** Character by character, as Go does: one stays one, so `ß` stays too. */
function mapChars(value: string, map: (char: string) => string): string {
  return [...value].map((char) => (map(char).length === char.length ? map(char) : char)).join("")
}

/** What is no code, or no UTF-8, stays. */
function urlDecode(value: string): string {
  return value.replaceAll("+", " ").replace(/(?:%[0-9A-Fa-f]{2})+/g, (codes) => {
    return utf8(fromHex(codes.replaceAll("%", "").toLowerCase())) ?? codes
  })
}
