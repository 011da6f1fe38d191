import { formatIpv4, parseIpv4 } from "../number.ts"
import { addressSql } from "../quantity.ts"
import { sql } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/** `sourceIPs:ipv4_range(10.0.0.0/8)` or `ipv4_range(10.0.0.1, 10.0.0.9)`: an IPv4 address between two, both taken in. */
export const ipv4Range: FilterWord = {
  word: "ipv4_range",
  example: `sourceIPs:ipv4_range(10.0.0.0/8)`,
  parse(reader, field) {
    const start = reader.token
    const bounds = readBounds(readArguments(reader, { min: 1, max: 2 }))
    if (bounds === undefined) {
      throw reader.refuse("ipv4_range() takes an address, a network (10.0.0.0/8) or two addresses", start)
    }
    const [min, max] = bounds
    return valueLeaf(field, {
      word: "ipv4_range",
      text: `ipv4_range(${formatIpv4(min)}, ${formatIpv4(max)})`,
      test: (value) => {
        const address = parseIpv4(value)
        return address !== undefined && address >= min && address <= max
      },
      sql: (value) => sql`${addressSql(value)} BETWEEN ${min} AND ${max}`,
    })
  },
}

function readBounds(texts: readonly string[]): readonly [number, number] | undefined {
  const [first = "", second] = texts
  if (second !== undefined) {
    const [min, max] = [parseIpv4(first), parseIpv4(second)]
    return min === undefined || max === undefined ? undefined : [min, max]
  }
  const [text = "", bits] = first.split("/")
  const address = parseIpv4(text)
  if (address === undefined || (bits !== undefined && !/^[0-9]{1,2}$/.test(bits)) || Number(bits ?? 32) > 32)
    return undefined
  const size = 2 ** (32 - Number(bits ?? 32))
  const min = Math.floor(address / size) * size
  return [min, min + size - 1]
}
