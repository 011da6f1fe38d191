import { isObject } from "../../base/is-object.ts"
import type { Place } from "./log-words.ts"

export type Fields = Readonly<Record<string, unknown>>

/** Where a dotted name leads in an object: the key itself before the path it may be; undefined where nothing stands. */
export function findPlace(fields: Fields, name: string): Place | undefined {
  if (isThere(fields, name)) return [name]
  if (!name.includes(".")) return undefined
  const keys = name.split(".")
  return valueAt(fields, keys) === undefined ? undefined : keys
}

/** Null and "" are as good as absent. */
export function valueAt(fields: Fields, place: Place): unknown {
  let value: unknown = fields
  for (const key of place) {
    if (!isObject(value) || !isThere(value, key)) return undefined
    value = value[key]
  }
  return value
}

function isThere(fields: Fields, key: string): boolean {
  if (!Object.hasOwn(fields, key)) return false
  const value = fields[key]
  return value !== null && value !== undefined && value !== ""
}
