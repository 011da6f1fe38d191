import { formatIpv6, ipv6Sql, networkOf, parseIpv6 } from "../ipv6.ts"
import { sql } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/**
 * `sourceIPs:ipv6_range("2001:db8::/32")` or `ipv6_range("::1", "::9")`: an address between two, both taken in. IPv4 addresses
 * are those of ::ffff:0:0/96.
 */
export const ipv6Range: FilterWord = {
  word: "ipv6_range",
  example: `sourceIPs:ipv6_range("2001:db8::/32")`,
  parse(reader, field) {
    const start = reader.token
    const bounds = readBounds(readArguments(reader, { min: 1, max: 2 }))
    if (bounds === undefined) {
      throw reader.refuse(
        `ipv6_range() takes an address, a network ("2001:db8::/32") or two addresses`,
        start,
      )
    }
    const [min, max] = bounds
    return valueLeaf(field, {
      word: "ipv6_range",
      text: `ipv6_range(${formatIpv6(min)}, ${formatIpv6(max)})`,
      test: (value) => {
        const address = parseIpv6(value)
        return address !== undefined && address >= min && address <= max
      },
      sql: (value) => sql`${ipv6Sql(value)} BETWEEN ${min} AND ${max}`,
    })
  },
}

function readBounds(texts: readonly string[]): readonly [string, string] | undefined {
  const [first = "", second] = texts
  if (second !== undefined) {
    const [min, max] = [parseIpv6(first), parseIpv6(second)]
    return min === undefined || max === undefined ? undefined : [min, max]
  }
  const [text = "", bits = "128"] = first.split("/")
  const address = parseIpv6(text)
  if (address === undefined || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > 128) return undefined
  return networkOf(address, Number(bits))
}
