import { parseMicros } from "../base/time.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Policy } from "../policy/policy.ts"

/** Whether some rule decides by an object's name: then requests for different objects must be told apart. */
export function looksAtNames({ rules }: Policy): boolean {
  return rules.some(({ resources }) => resources.some(({ resourceNames }) => resourceNames.length > 0))
}

/** Between two times of events; 0 where they are not times. */
export function secondsBetween(first: string, last: string): number {
  try {
    return Math.max(0, (parseMicros(last) - parseMicros(first)) / 1e6)
  } catch (error) {
    if (isRefusal(error)) return 0
    throw error
  }
}
