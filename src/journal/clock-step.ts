import type { Micros } from "../base/time.ts"

/** A small step back of the clock is NTP at work: the last time is used again until the clock has caught up. */
export const STEP_MICROS_MAX = 2_000_000

/** Two clocks read together: the wall clock, and one that never steps (its zero means nothing). */
export type Reading = { readonly wall: Micros; readonly steady: Micros }

/** What was last read, and the time that was then given to records. `steady` is undefined after a restart. */
export type LastTime = {
  readonly wall: Micros
  readonly steady: Micros | undefined
  readonly given: Micros
}

export type Step = {
  /** The time for records appended now. */
  readonly at: Micros
  /** How far the clock jumped, when that must be recorded. Negative is back. */
  readonly jumpMicros: Micros | undefined
}

/**
 * The time of records appended now: steps back of up to 2 s are clamped, larger jumps either way are taken
 * and told. While nothing is appended for long, a slow correction of the clock adds up; a heartbeat a minute keeps
 * 500 ppm, the most that NTP slews, at 30 ms.
 */
export function stepClock(last: LastTime | undefined, now: Reading): Step {
  if (last === undefined) return { at: now.wall, jumpMicros: undefined }
  const back = last.given - now.wall
  // After a restart only a clock behind the last record tells of a jump: being away moves it forward too.
  const drift =
    last.steady === undefined ? Math.min(0, -back) : now.wall - last.wall - (now.steady - last.steady)
  if (back > STEP_MICROS_MAX) return { at: now.wall, jumpMicros: Math.min(drift, -back) }
  if (Math.abs(drift) > STEP_MICROS_MAX) return { at: Math.max(now.wall, last.given), jumpMicros: drift }
  return { at: Math.max(now.wall, last.given), jumpMicros: undefined }
}
