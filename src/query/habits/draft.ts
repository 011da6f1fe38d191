import type { Token } from "../lexer.ts"

/** Something in a query that another language means: where it stands, and what is wrong with it here. */
export type Habit = {
  readonly position: number
  readonly length: number
  /** "`| json` is LogQL: …". */
  readonly why: string
  /** Whether the draft says in LogsQL what it meant. */
  readonly mended: boolean
}

type Edit = { readonly start: number; readonly end: number; readonly text: string }

/** A query's text with what is to be written instead, collected by the rules of this folder. */
export class Draft {
  readonly source: string
  readonly habits: Habit[] = []
  /** Bounds on `_time` that stood somewhere in the query: they belong to all of it. */
  readonly times: string[] = []
  readonly #edits: Edit[] = []

  constructor(source: string) {
    this.source = source
  }

  /** Writes `text` in place of the tokens, and says why. */
  replace(tokens: readonly Token[], text: string, why: string): void {
    this.#note(tokens, why, true)
    const [start, end] = spanOf(tokens)
    this.#edits.push({ start, end, text })
  }

  /** Nobody can know what this should be: it is only told. */
  tell(tokens: readonly Token[], why: string): void {
    this.#note(tokens, why, false)
  }

  #note(tokens: readonly Token[], why: string, mended: boolean): void {
    const [start, end] = spanOf(tokens)
    this.habits.push({ position: start, length: Math.max(1, end - start), why, mended })
  }

  /** The source with all that was replaced. */
  text(): string {
    let text = ""
    let at = 0
    for (const edit of [...this.#edits].sort((a, b) => a.start - b.start)) {
      if (edit.start < at) continue
      text += this.source.slice(at, edit.start) + edit.text
      at = edit.end
    }
    return text + this.source.slice(at)
  }
}

function spanOf(tokens: readonly Token[]): readonly [start: number, end: number] {
  return [tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0]
}

/** The text that the tokens stand for, as it is in the source. */
export function sliceOf(source: string, tokens: readonly Token[]): string {
  return source.slice(...spanOf(tokens))
}

const OPENING = new Set(["(", "[", "{"])
const CLOSING = new Set([")", "]", "}"])

/** Parts between separators that stand in no parentheses. */
export function splitTokens(
  tokens: readonly Token[],
  isSeparator: (token: Token, index: number) => boolean,
): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  tokens.forEach((token, index) => {
    if (!token.quoted && OPENING.has(token.raw)) depth++
    if (!token.quoted && CLOSING.has(token.raw)) depth--
    if (depth === 0 && isSeparator(token, index)) parts.push([])
    else parts.at(-1)?.push(token)
  })
  return parts
}

/** The word, in small letters; "" for a string or for no token. */
export function wordOf(token: Token | undefined): string {
  return token === undefined || token.quoted ? "" : token.raw.toLowerCase()
}
