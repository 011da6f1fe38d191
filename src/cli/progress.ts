import type { Clock, Micros } from "../base/time.ts"
import type { Terminal } from "./command.ts"
import { fit, widthOf } from "./terminal.ts"

export type ProgressOptions = {
  /** How much there is, where that is known: then a bar and the time left are shown. */
  readonly total?: number
  /** `bytes` are shown in kB, MB, GB; all else is counted: `records`, `blocks`. */
  readonly unit: string
  readonly clock: Clock
  /** What is being done, in front. */
  readonly label?: string
}

export type Progress = {
  /** Told as often as one likes; the terminal hears of it ten times a second at most. */
  update(done: number, label?: string): void
  /** Takes the line away, so that what follows begins at its start. */
  done(): void
}

const UPDATE_MICROS = 100_000
/** Nobody believes a rate of the first moments. */
const ESTIMATE_AFTER_MICROS = 1_000_000
const BAR_COLUMNS_MAX = 30
const BAR_COLUMNS_MIN = 6

/**
 * One line on a terminal that says how far something is, how fast, and how long it will take; nothing at all where the
 * output is no terminal.
 *
 *     audit.log.gz  ██████████░░░░░░░░░░  52 %  1.2 of 2.3 GB  84.1 MB/s  13 s left
 */
export function progress(terminal: Terminal, options: ProgressOptions): Progress {
  if (!terminal.isTTY) return { update: () => undefined, done: () => undefined }
  const startedAt = options.clock()
  let shownAt: Micros | undefined
  let label = options.label
  return {
    update(done, newLabel) {
      label = newLabel ?? label
      const now = options.clock()
      if (shownAt !== undefined && now - shownAt < UPDATE_MICROS) return
      shownAt = now
      const line = formatProgress({ ...options, label, done, elapsed: now - startedAt }, terminal.columns - 1)
      terminal.write(`\r${line}\x1b[K`)
    },
    done() {
      if (shownAt !== undefined) terminal.write("\r\x1b[K")
    },
  }
}

type State = {
  readonly label: string | undefined
  readonly done: number
  readonly total?: number
  readonly unit: string
  readonly elapsed: Micros
}

/** The line, in at most `width` columns: the bar gives way first, then the label, then the end. */
export function formatProgress({ label = "", done, total, unit, elapsed }: State, width: number): string {
  const rate = elapsed > 0 ? (done / elapsed) * 1_000_000 : 0
  const ratio = total === undefined ? undefined : total === 0 ? 1 : Math.min(1, done / total)
  const facts = [
    ...(ratio === undefined ? [] : [`${Math.floor(ratio * 100)} %`]),
    total === undefined
      ? formatAmount(done, unit)
      : `${formatAmount(done, unit)} of ${formatAmount(total, unit)}`,
    ...(elapsed >= ESTIMATE_AFTER_MICROS ? [`${formatAmount(rate, unit)}/s`] : []),
    ...(ratio === undefined || total === undefined || elapsed < ESTIMATE_AFTER_MICROS || rate === 0
      ? []
      : [`${formatSeconds(Math.max(0, total - done) / rate)} left`]),
  ].join("  ")
  const room = width - widthOf(facts)
  const name = label === "" ? "" : `${fit(label, Math.max(8, Math.floor(room / 2)))}  `
  const columns = Math.min(BAR_COLUMNS_MAX, room - widthOf(name) - 2)
  const bar = ratio === undefined || columns < BAR_COLUMNS_MIN ? "" : `${formatBar(ratio, columns)}  `
  return fit(`${name}${bar}${facts}`, width)
}

function formatBar(ratio: number, columns: number): string {
  const full = Math.floor(ratio * columns)
  return "█".repeat(full) + "░".repeat(columns - full)
}

const PREFIXES = ["", "k", "M", "G", "T", "P"]

/** `1.2 GB`, `84 B`; `12,345 records`. */
export function formatAmount(amount: number, unit: string): string {
  if (unit !== "bytes") {
    const whole = Math.floor(amount)
    return `${whole.toLocaleString("en-US")} ${whole === 1 ? unit.replace(/s$/, "") : unit}`
  }
  let value = amount
  let power = 0
  while (value >= 999.5 && power < PREFIXES.length - 1) {
    value /= 1000
    power++
  }
  const digits = power === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${PREFIXES[power] ?? ""}B`
}

/** `13 s`, `4 min 05 s`, `2 h 10 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`
}
