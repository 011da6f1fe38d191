import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { parseDuration } from "../query/number.ts"
import { parseMoment, placeMoment } from "../query/time.ts"

/** Arguments that several endpoints have. Each refuses `http.parameters`, naming the argument. */

const NUMBER = /^[0-9]{1,15}$/

/** The first microsecond at or after what the argument names: a date is its beginning, `5m` five minutes ago. */
export function moment(given: URLSearchParams, name: string, now: Micros): Micros | undefined {
  const text = given.get(name)
  if (!text) return undefined
  // A fraction of Unix seconds is what Grafana and vmalert send.
  if (/^[0-9]{9,11}\.[0-9]+$/.test(text)) return Math.round(Number(text) * 1_000_000)
  // Few digits are seconds too, as somebody writes who means "since ever"; four are a year.
  if (/^[0-9]{1,3}$/.test(text)) return Number(text) * 1_000_000
  const found = parseMoment(text) ?? parseMoment(`-${text}`)
  if (found === undefined) throw refused(name, text, "a time like 2026-01-02T03:04:05Z, Unix seconds, or 5m")
  return placeMoment(found, now).first + (BETWEEN_MICROS.test(text) ? 1 : 0)
}

/** Nanoseconds that are no whole microsecond, as Unix time or as a fraction. */
const BETWEEN_MICROS = /^[0-9]{16}(?!000)[0-9]{3}$|\.[0-9]{6}(?!0+(\D|$))[0-9]{1,3}/

export function parseCountArgument(given: URLSearchParams, name: string): number | undefined {
  const text = given.get(name)
  if (!text) return undefined
  if (!NUMBER.test(text)) throw refused(name, text, "a whole number")
  return Number(text)
}

/** `1` or `true` as dashboards send them; nothing, `0`, `false` and `no` are off. Others are refused: they may mean either. */
export function parseSwitch(given: URLSearchParams, name: string): boolean {
  const text = given.get(name) ?? ""
  if (/^(1|t|true|y|yes|on)$/i.test(text)) return true
  if (/^(0|f|false|n|no|off|)$/i.test(text)) return false
  throw refused(name, text, "1 or 0")
}

/** A duration as text of LogsQL, and what it lasts; below a microsecond nothing can be told apart. */
export function parseDurationArgument(
  given: URLSearchParams,
  name: string,
): { readonly text: string; readonly micros: number } | undefined {
  const text = given.get(name)
  if (!text) return undefined
  const nanos = parseDuration(text)
  if (nanos === undefined || nanos % 1000 !== 0) throw refused(name, text, "a duration like 1m or 30s")
  return { text, micros: nanos / 1000 }
}

/** The time between two points of a graph. */
export function parseStep(given: URLSearchParams): { readonly text: string; readonly micros: number } {
  const step = parseDurationArgument(given, "step")
  if (step === undefined || step.micros <= 0) throw refused("step", given.get("step"), "a duration like 1m")
  return step
}

export function refused(name: string, seen: string | null, expected: string): Refusal {
  const shown = seen ? JSON.stringify(seen.slice(0, 80)) : "nothing"
  return new Refusal("http.parameters", `${name}: expected ${expected}, saw ${shown}`, { argument: name })
}
