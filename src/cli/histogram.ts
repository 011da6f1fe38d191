import { formatMicros, type Micros } from "../base/time.ts"
import { shortTime } from "./result-table.ts"

export type Step = { readonly text: string; readonly micros: number }

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Steps that people read at a glance; each is a multiple of the one before, or nearly. */
const STEPS: readonly Step[] = [
  ...[1, 5, 10, 30].map((n) => ({ text: `${n}s`, micros: n * SECOND })),
  ...[1, 5, 10, 30].map((n) => ({ text: `${n}m`, micros: n * MINUTE })),
  ...[1, 3, 6, 12].map((n) => ({ text: `${n}h`, micros: n * HOUR })),
  ...[1, 7, 30, 90, 365].map((n) => ({ text: `${n}d`, micros: n * 24 * HOUR })),
]
/** As many lines as fit one screen. */
const LINES_WANTED = 40

/** The shortest step that shows the range on one screen. */
export function stepFor(first: Micros, last: Micros): Step {
  const wanted = (last - first) / LINES_WANTED
  return STEPS.find(({ micros }) => micros >= wanted) ?? (STEPS.at(-1) as Step)
}

export type Bar = { readonly at: Micros; readonly hits: number }

/** A bar for each step from the first to the last that has hits: a gap is seen as one. */
export function fillGaps(bars: readonly Bar[], step: number): readonly Bar[] {
  const filled: Bar[] = []
  for (const bar of bars) {
    for (let at = (filled.at(-1)?.at ?? bar.at - step) + step; at < bar.at; at += step)
      filled.push({ at, hits: 0 })
    filled.push(bar)
  }
  return filled
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A line for each bar: when, how many, and a bar as long as that of the most is wide. */
export function histogram(bars: readonly Bar[], width: number, unicode: boolean): string {
  const most = Math.max(1, ...bars.map(({ hits }) => hits))
  const digits = String(most).length
  const room = Math.max(1, width - "2026-01-02 03:04:05".length - digits - 4)
  const lines = bars.map(({ at, hits }) => {
    const bar = unicode ? blocks((hits / most) * room) : "#".repeat(Math.ceil((hits / most) * room))
    return `${shortTime(formatMicros(at))}  ${String(hits).padStart(digits)}  ${bar}`.trimEnd()
  })
  return lines.map((line) => `${line}\n`).join("")
}

/** Eighths of a column; what is not zero is seen. */
function blocks(columns: number): string {
  const eighths = columns === 0 ? 0 : Math.max(1, Math.round(columns * 8))
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "")
}

/** Whether the locale's characters are Unicode's (POSIX: LC_ALL before LC_CTYPE before LANG). */
export function isUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== "")
  return locale !== undefined && /utf-?8/i.test(locale)
}

const HEIGHTS = "▁▂▃▄▅▆▇█"
const HEIGHTS_PLAIN = ".:-=+*%#"

/** One sign for each number, as high as the number is beside `most`; zero is a space. */
export function sparkline(numbers: readonly number[], most: number, unicode: boolean): string {
  const heights = unicode ? HEIGHTS : HEIGHTS_PLAIN
  const sign = (n: number): string =>
    n === 0 ? " " : (heights[Math.max(0, Math.ceil((n / most) * heights.length) - 1)] ?? "")
  return numbers.map(sign).join("")
}
