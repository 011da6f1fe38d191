import { formatMicros, type Micros } from "../../base/time.ts"

/** A value of a word holds so much (docs/FORMAT.md, Record line). */
const VALUE_BYTES_MAX = 128

/** Words of a record of kind `log` that say what in its body is what; `store/columns.ts` derives columns from them. */
export type LogReading = {
  /** When the sender says it happened. */
  readonly time: Micros | undefined
  /** Where in the body the message stands. */
  readonly msg: Place | undefined
  /** Where the labels of its stream stand, as {@link placesWord} says it. */
  readonly stream: string | undefined
}

/** Keys from the top of the body down to a value. */
export type Place = readonly string[]

export function timeWord(time: Micros): string {
  return formatMicros(time)
}

/**
 * A place as a word's value: its keys as in a JSON pointer (RFC 6901) without the first slash, each percent-encoded.
 * Undefined where that is too long for a word.
 */
export function placeWord(place: Place): string | undefined {
  const text = place.map(encodeKey).join("/")
  return text === "" || text.length > VALUE_BYTES_MAX ? undefined : text
}

/** Places separated by commas: as many of them, in their order, as fit. */
export function placesWord(places: readonly Place[]): string | undefined {
  let list: string | undefined
  for (const place of places) {
    const text = placeWord(place)
    if (text === undefined) continue
    const next: string = list === undefined ? text : `${list},${text}`
    if (next.length <= VALUE_BYTES_MAX) list = next
  }
  return list
}

function encodeKey(key: string): string {
  return encodeURIComponent(key.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"))
}
