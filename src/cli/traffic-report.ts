import { parseMicros } from "../base/time.ts"
import { isRefusal } from "../base/refusal.ts"

/** Between two times of events; 0 where they are not times. */
export function secondsBetween(first: string, last: string): number {
  try {
    return Math.max(0, (parseMicros(last) - parseMicros(first)) / 1e6)
  } catch (error) {
    if (isRefusal(error)) return 0
    throw error
  }
}
