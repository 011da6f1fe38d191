/** Lines around a change, as `diff -u` shows them. */
const CONTEXT = 3

type Line = { readonly sign: " " | "-" | "+"; readonly text: string }

/** What changed, as `diff -u` prints it; empty when nothing did. */
export function unifiedDiff(before: string, after: string, name: string): string {
  const lines = compare(before.split("\n"), after.split("\n"))
  const hunks = hunksOf(lines)
  if (hunks.length === 0) return ""
  return [`--- ${name}`, `+++ ${name}`, ...hunks.flatMap((hunk) => printed(lines, hunk))]
    .join("\n")
    .concat("\n")
}

/** The longest common lines stay; quadratic, for files that people write. */
function compare(a: readonly string[], b: readonly string[]): readonly Line[] {
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      lines.push({ sign: " ", text: left })
      i++
      j++
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: "-", text: left })
      i++
    } else if (right !== undefined) {
      lines.push({ sign: "+", text: right })
      j++
    }
  }
  return lines
}

type Hunk = { readonly from: number; readonly to: number }

function hunksOf(lines: readonly Line[]): readonly Hunk[] {
  const hunks: Hunk[] = []
  for (const [index, { sign }] of lines.entries()) {
    if (sign === " ") continue
    const last = hunks.at(-1)
    const from = Math.max(0, index - CONTEXT)
    const to = Math.min(lines.length, index + CONTEXT + 1)
    if (last !== undefined && from <= last.to) hunks[hunks.length - 1] = { from: last.from, to }
    else hunks.push({ from, to })
  }
  return hunks
}

function printed(lines: readonly Line[], { from, to }: Hunk): readonly string[] {
  const count = (part: readonly Line[], other: "-" | "+") => part.filter(({ sign }) => sign !== other).length
  const [head, body] = [lines.slice(0, from), lines.slice(from, to)]
  const range = (other: "-" | "+") => `${count(head, other) + 1},${count(body, other)}`
  return [`@@ -${range("+")} +${range("-")} @@`, ...body.map(({ sign, text }) => sign + text)]
}
