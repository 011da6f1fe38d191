/** `# tallystick-lint: ignore <rule> -- <reason>`: a person knows better, and says why. */
export type Suppression = {
  readonly rule: string
  /** Empty: it does not count. */
  readonly reason: string
  /** Where the comment stands. */
  readonly line: number
  readonly column: number
  /** Lines it is for: its own; on a line of its own, the one below and what is indented deeper there (a whole rule). */
  readonly first: number
  readonly last: number
}

const COMMENT = /#\s*tallystick-lint:\s*ignore\s+([\w-]+)(?:\s+--\s*(.*?))?\s*$/

export function suppressionsIn(text: string): readonly Suppression[] {
  if (!text.includes("tallystick-lint:")) return []
  const lines = text.split("\n")
  return lines.flatMap((line, index) => {
    const found = COMMENT.exec(line)
    if (found === null) return []
    const [, rule = "", reason = ""] = found
    const alone = line.trimStart().startsWith("#")
    const target = alone ? nextLine(lines, index + 1) : index
    const last = alone ? lastBelow(lines, target) : index
    return [{ rule, reason, line: index + 1, column: found.index + 1, first: target + 1, last: last + 1 }]
  })
}

function nextLine(lines: readonly string[], from: number): number {
  const found = lines.findIndex((line, index) => index >= from && !BLANK.test(line))
  return found < 0 ? from : found
}

const BLANK = /^\s*(#.*)?$/

function lastBelow(lines: readonly string[], target: number): number {
  const depth = indentation(lines[target] ?? "")
  let last = target
  for (let index = target + 1; index < lines.length; index++) {
    const line = lines[index] ?? ""
    if (BLANK.test(line)) continue
    if (indentation(line) <= depth) break
    last = index
  }
  return last
}

function indentation(line: string): number {
  return line.length - line.trimStart().length
}
