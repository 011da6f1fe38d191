/**
 * What goes to a terminal. Names, user agents and messages in events are chosen by clients: an escape sequence in one
 * could repaint the screen of whoever investigates it, a bidi mark could turn a name round. Everything that is shown
 * goes through {@link escapeText}, and what is for programs through {@link jsonLine}.
 */
import { escapeUnits } from "../base/unseen.ts"

/** Not assigned, control, format (bidi marks, zero width, soft hyphen, tags), private, lone surrogates, line separators. */
const HOSTILE = /[\p{C}\p{Zl}\p{Zp}]/gu
const PLAIN = /^[\x20-\x7e]*$/

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/**
 * The text on one line, safe for any terminal: characters that steer instead of show are written as `\x1b`, `\u202e`
 * or `\u{e0041}`. Not reversible (a backslash stays one): it is for eyes, `--json` is for programs.
 */
export function escapeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(HOSTILE, (found) => SHORT[found] ?? hexEscape(found))
}

/** {@link escapeText} for text of ours with many lines: newlines stay. */
export function escapeLines(text: string): string {
  return text.split("\n").map(escapeText).join("\n")
}

/**
 * A value for programs, on a line. What JSON leaves as it is and a terminal may obey (C1 controls, bidi marks) is written as
 * escapes too, also to a pipe, which often ends at a terminal (`| head`): the same JSON, and nothing to see through.
 */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value)
  return `${PLAIN.test(text) ? text : text.replace(HOSTILE, escapeUnits)}\n`
}

function hexEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`
}

/** Ranges of characters two columns wide: East Asian Width W and F (Unicode 16, UAX #11), simplified to blocks. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
]
const NO_WIDTH = /^[\p{Mn}\p{Me}]$/u

/** Columns of a terminal that the text takes, after {@link escapeText}. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfCharacter(character)
  return width
}

function widthOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (NO_WIDTH.test(character)) return 0
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

/** At most `width` columns of the text; what was cut is shown as `…`. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ""
  let used = 1 // the …
  for (const character of text) {
    used += widthOfCharacter(character)
    if (used > width) break
    kept += character
  }
  return `${kept}…`
}

export type Column = {
  /** Key of the row. */
  readonly name: string
  /** Shown above it; the name where it is left out. */
  readonly title?: string
  readonly align?: "left" | "right"
  /** Never cut: numbers, times, hashes. */
  readonly whole?: boolean
}

export type TableRow = Readonly<Record<string, string | undefined>>

const GAP = "  "
const COLUMN_WIDTH_MIN = 6

/**
 * A table of plain text with a line of titles, each line ended by a newline. Values are escaped here. Where it would be
 * wider than `width` columns (`Infinity` when the output is no terminal) the widest columns are cut first. `paint` colours
 * whole lines.
 */
export function table(
  rows: readonly TableRow[],
  columns: readonly (string | Column)[],
  width: number,
  paint: (row: TableRow, line: string) => string = (_, line) => line,
): string {
  const shown = columns.map((column) => (typeof column === "string" ? { name: column } : column))
  const lines = [
    shown.map((column) => escapeText(column.title ?? column.name)),
    ...rows.map((row) => shown.map((column) => escapeText(row[column.name] ?? ""))),
  ]
  const natural = shown.map((_, i) =>
    lines.reduce((widest, line) => Math.max(widest, widthOf(line[i] ?? "")), 0),
  )
  const widths = shrink(
    natural,
    shown.map((column) => column.whole === true),
    width - GAP.length * (shown.length - 1),
  )
  const [titles = "", ...below] = lines.map((line) => formatLine(line, shown, widths))
  return [titles, ...below.map((line, i) => paint(rows[i] ?? {}, line))].map((line) => `${line}\n`).join("")
}

/** Columns of a terminal that a table of these rows takes where nothing is cut; their keys are the titles. */
export function tableWidth(rows: readonly TableRow[]): number {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const widest = names.map((name) =>
    Math.max(...[name, ...rows.map((row) => row[name] ?? "")].map((text) => widthOf(escapeText(text)))),
  )
  return widest.reduce((sum, width) => sum + width, GAP.length * (names.length - 1))
}

function formatLine(line: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  const cells = line.map((text, i) => {
    const width = widths[i] ?? 0
    const cell = fit(text, width)
    const space = " ".repeat(Math.max(0, width - widthOf(cell)))
    return columns[i]?.align === "right" ? space + cell : cell + space
  })
  return cells.join(GAP).trimEnd()
}

/** Widths of at most `room` columns together: one common upper limit for those that may be cut. */
function shrink(natural: readonly number[], whole: readonly boolean[], room: number): readonly number[] {
  const total = (most: number) =>
    natural.reduce((sum, width, i) => sum + (whole[i] ? width : Math.min(width, most)), 0)
  let most = Math.max(...natural, COLUMN_WIDTH_MIN)
  while (most > COLUMN_WIDTH_MIN && total(most) > room) most--
  return natural.map((width, i) => (whole[i] ? width : Math.min(width, most)))
}

export type Paint = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow", (text: string) => string>>

/** Colours where they make sense: on a terminal that knows them, unless NO_COLOR (no-color.org) says otherwise. */
export function paintFor(
  terminal: { readonly isTTY: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const on = terminal.isTTY && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb"
  const paint = (code: number) => (text: string) => (on ? `\x1b[${code}m${text}\x1b[0m` : text)
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) }
}
