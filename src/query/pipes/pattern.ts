import type { Reader } from "../reader.ts"

/**
 * `text<field>text<word:field>…`: what `extract` takes apart and `format` puts together. A text holds `<` as `&lt;`.
 */
export type Pattern = {
  /** Before the first field. */
  readonly prefix: string
  readonly steps: readonly PatternStep[]
}

export type PatternStep = {
  /** "" where the place has no name: `<_>`, `<*>`, `<>`. */
  readonly field: string
  /** What stands before the colon: `plain`, `q`, …; "" where there is none. */
  readonly option: string
  /** The text behind the field, up to the next one. */
  readonly text: string
}

/** Reads it out of a token's text; `at` is where to point when it cannot be read. */
export function parsePattern(text: string, reader: Reader, at: Reader["token"]): Pattern {
  const [prefix = "", ...rest] = text.split("<")
  const steps = rest.map((piece) => {
    const end = piece.indexOf(">")
    if (end < 0) throw reader.refuse("a pattern's < has no >; write &lt; for the sign itself", at)
    return { ...parsePlace(piece.slice(0, end)), text: unescapeHtml(piece.slice(end + 1)) }
  })
  return { prefix: unescapeHtml(prefix), steps }
}

function parsePlace(inside: string): Pick<PatternStep, "field" | "option"> {
  const colon = inside.indexOf(":")
  const option = colon < 0 ? "" : inside.slice(0, colon).trim()
  const name = inside.slice(colon + 1).trim()
  return { option, field: name === "_" || name === "*" ? "" : name }
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
}

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([a-z]+));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
      return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? whole : String.fromCodePoint(code)
    },
  )
}

/** Names of the fields in it, each once. */
export function patternFields({ steps }: Pattern): readonly string[] {
  return [...new Set(steps.map(({ field }) => field).filter((field) => field !== ""))]
}
