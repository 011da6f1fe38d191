import { utf8 } from "../../base/bytes.ts"
import { byteAt, createScan, scanKey, scanString, scanValue, skipWhite } from "../../event/scan.ts"

export type Member = {
  readonly name: string
  /** Its exact bytes. */
  readonly value: Uint8Array
}

const [QUOTE, COMMA] = [0x22, 0x2c]

/** The members at the top of a JSON object, in their order, without parsing what is in them. Ends at a fault. */
export function* membersOf(object: Uint8Array): Generator<Member, void> {
  const scan = createScan(object)
  let at = skipWhite(scan, skipWhite(scan, 0) + 1)
  while (byteAt(scan, at) === QUOTE) {
    const nameEnd = scanString(scan, at + 1)
    const start = scanKey(scan, at)
    const end = start < 0 ? start : scanValue(scan, start, 1)
    if (end < 0) return
    yield { name: JSON.parse(utf8(object.subarray(at, nameEnd)) ?? '""'), value: object.subarray(start, end) }
    at = skipWhite(scan, end)
    if (byteAt(scan, at) === COMMA) at = skipWhite(scan, at + 1)
  }
}
