import { type Sql, sql, trusted } from "./sql.ts"

/**
 * IPv6 addresses as 32 hexadecimal digits, whose order as texts is that of the addresses. IPv4 addresses are those of
 * ::ffff:0:0/96; a zone (`%eth0`) is left out.
 */

const BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
const QUAD = `${BYTE}(?:\\.${BYTE}){3}`
const GROUP = "[0-9a-f]{1,4}"
const GROUPS = `(?:(?:${GROUP}:)*${GROUP})?`
const FULL = `(?:${GROUP}:){7}${GROUP}`
const SHORT = `${GROUPS}::${GROUPS}`
const ZONE = "%.+$"

export function parseIpv6(text: string): string | undefined {
  const groups = groupsOf(hexQuad(text.toLowerCase().replace(new RegExp(ZONE, "s"), "")))
  return groups?.length === 8 ? groups.map((group) => group.padStart(4, "0")).join("") : undefined
}

function hexQuad(text: string): string {
  const quad = new RegExp(`^(?:.*:)?(${QUAD})$`).exec(text)?.[1]
  if (quad === undefined) return text
  const [a = 0, b = 0, c = 0, d = 0] = quad.split(".").map(Number)
  const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  return text === quad ? `::ffff:${hex}` : text.slice(0, -quad.length) + hex
}

function groupsOf(text: string): readonly string[] | undefined {
  if (new RegExp(`^${FULL}$`).test(text)) return text.split(":")
  if (!new RegExp(`^${SHORT}$`).test(text)) return undefined
  const [left = [], right = []] = text.split("::").map((side) => (side === "" ? [] : side.split(":")))
  const missing = 8 - left.length - right.length
  return missing < 1 ? undefined : [...left, ...Array<string>(missing).fill("0"), ...right]
}

/** {@link parseIpv6} of a VARCHAR; NULL where it is no address. Lambdas, so that each step is made once. */
export function ipv6Sql(value: Sql): Sql {
  const plain = sql`regexp_replace(lower(${value}), ${ZONE}, '', 's')`
  const quads = trusted("string_split(regexp_extract(plain, '[0-9.]+$'), '.')")
  const pair = (i: number) => trusted(`CAST(quads[${i}] AS INTEGER) * 256 + CAST(quads[${i + 1}] AS INTEGER)`)
  const hex = sql`list_transform([${quads}], lambda quads: format('{:x}:{:x}', ${pair(1)}, ${pair(3)}))[1]`
  const before = trusted(
    "CASE WHEN contains(plain, ':') THEN regexp_replace(plain, '[0-9.]+$', '') ELSE '::ffff:' END",
  )
  const whole = sql`CASE WHEN regexp_full_match(plain, ${`(?:.*:)?${QUAD}`}) THEN concat(${before}, ${hex}) ELSE plain END`
  const side = (i: number) =>
    trusted(
      `CASE split_part(whole, '::', ${i}) WHEN '' THEN CAST([] AS VARCHAR[]) ELSE string_split(split_part(whole, '::', ${i}), ':') END`,
    )
  const zeros = trusted(
    `list_transform(range(8 - len(regexp_extract_all(whole, '[0-9a-f]+'))), lambda zero: '0')`,
  )
  const groups = sql`CASE WHEN regexp_full_match(whole, ${FULL}) THEN string_split(whole, ':')
    WHEN regexp_full_match(whole, ${SHORT}) AND len(regexp_extract_all(whole, '[0-9a-f]+')) < 8
    THEN list_concat(list_concat(${side(1)}, ${zeros}), ${side(2)}) END`
  const digits = trusted(
    "CASE WHEN len(parts) = 8 THEN list_aggregate(list_transform(parts, lambda part: lpad(part, 4, '0')), 'string_agg', '') END",
  )
  return sql`list_transform(list_transform(list_transform([${plain}], lambda plain: ${whole}), lambda whole: ${groups}), lambda parts: ${digits})[1]`
}

/** As people write it: small letters, the longest run of zeros left out, IPv4 in its own form. */
export function formatIpv6(digits: string): string {
  const groups = digits.match(/.{4}/g) ?? []
  if (/^0{20}ffff/.test(digits)) {
    const bytes = digits.slice(24).match(/../g) ?? []
    return `::ffff:${bytes.map((byte) => Number.parseInt(byte, 16)).join(".")}`
  }
  const texts = groups.map((group) => group.replace(/^0{1,3}/, ""))
  const run = longestZeros(texts)
  if (run.length < 2) return texts.join(":")
  return `${texts.slice(0, run.start).join(":")}::${texts.slice(run.start + run.length).join(":")}`
}

function longestZeros(texts: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < texts.length; start++) {
    let length = 0
    while (texts[start + length] === "0") length++
    if (length > best.length) best = { start, length }
  }
  return best
}

/** First and last address of a network, `2001:db8::/32`. */
export function networkOf(digits: string, bits: number): readonly [first: string, last: string] {
  const address = BigInt(`0x${digits}`)
  const host = (1n << BigInt(128 - bits)) - 1n
  const text = (value: bigint) => value.toString(16).padStart(32, "0")
  return [text(address & ~host & ((1n << 128n) - 1n)), text(address | host)]
}
