import { assert } from "../base/assert.ts"
import { type Facts, Refusal, type RefusalCode } from "../base/refusal.ts"
import { type Token, tokenize } from "./lexer.ts"
import { QUERY_LIMITS } from "./limits.ts"
import { parseNumber, parseSize } from "./number.ts"
import type { Filter, Query, Setting } from "./tree.ts"

/** The rules that words need of each other: a pipe holds filters, a filter holds queries. Given to the reader by parse.ts. */
export interface Grammar {
  /** A whole filter, up to `|`, `)` or the end. */
  filter(reader: Reader, field: string | undefined): Filter
  /** A whole query, up to `)` or the end. */
  query(reader: Reader): Query
}

/** Where an unquoted word ends, besides at white space. */
const STOPS: ReadonlySet<string> = new Set(["*", ",", "(", ")", "[", "]", "|", ""])
const STOPS_AT_COLON: ReadonlySet<string> = new Set([...STOPS, ":"])
/** A regular expression may hold stars. */
const STOPS_WITHOUT_STAR: ReadonlySet<string> = new Set([...STOPS].filter((stop) => stop !== "*"))

/**
 * Reads a query's tokens one after another. Everything that reads refuses with `query.malformed` and the place in the
 * text when it finds something else; `facts.position` and `facts.length` say where to put the caret.
 */
export class Reader {
  readonly text: string
  readonly grammar: Grammar
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #pipes = 0
  #options: readonly Setting[] = []

  constructor(text: string, grammar: Grammar) {
    this.text = text
    this.grammar = grammar
    this.#tokens = tokenize(text)
  }

  get token(): Token {
    const token = this.#tokens[this.#index]
    assert(token !== undefined, "the reader stays on its tokens")
    return token
  }

  get previous(): Token | undefined {
    return this.#tokens[this.#index - 1]
  }

  get atEnd(): boolean {
    return this.token.raw === ""
  }

  /** Whether the token is one of these words, unquoted, in any case of letters. */
  is(...words: readonly string[]): boolean {
    return !this.token.quoted && words.includes(this.token.text.toLowerCase())
  }

  /** The word, lower case; "" for a string. */
  get word(): string {
    return this.token.quoted ? "" : this.token.text.toLowerCase()
  }

  next(): Token {
    const token = this.token
    if (!this.atEnd) this.#index++
    return token
  }

  /** Steps over the word if it is here. */
  skip(...words: readonly string[]): boolean {
    if (!this.is(...words)) return false
    this.next()
    return true
  }

  expect(word: string, after: string): Token {
    if (!this.is(word)) throw this.refuse(`expected ${JSON.stringify(word)} ${after}`)
    return this.next()
  }

  /** The token `ahead` of this one; the end where there is none. */
  peek(ahead: number): Token {
    const token = this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]
    assert(token !== undefined, "there is always an end token")
    return token
  }

  mark(): number {
    return this.#index
  }

  reset(mark: number): void {
    this.#index = mark
  }

  /**
   * A word as LogsQL joins it: tokens without white space between them up to one of `* , ( ) [ ] |` (and `:` where a field
   * name may end there). `foo-bar/baz` is one word; a string alone is its text, a string inside a word keeps its quotes.
   */
  compound(what: string, shape?: "stopAtColon" | "withStars"): string {
    const stops =
      shape === "stopAtColon" ? STOPS_AT_COLON : shape === "withStars" ? STOPS_WITHOUT_STAR : STOPS
    const first = this.token
    if (this.atEnd) throw this.refuse(`expected ${what}, but the query ends here`)
    if (!first.quoted && (stops.has(first.text) || this.is('"', "'", "`"))) {
      throw this.refuse(/^["'`]$/.test(first.text) ? "this quote is never closed" : `expected ${what}`)
    }
    this.next()
    let suffix = ""
    while (!this.token.spaced && (this.token.quoted || !stops.has(this.token.text))) suffix += this.next().raw
    return suffix === "" ? first.text : first.raw + suffix
  }

  /** A whole number without sign: `10`, `10K`, `12_345M`, also in quotes. */
  count(what: string): number {
    const start = this.token
    const text = this.compound(what)
    const count = parseCount(text)
    if (count === undefined) throw this.refuse(`expected ${what}, a whole number like 10 or 10K`, start)
    return count
  }

  /** Runs `read` one level deeper; refuses what is nested too deep long before the stack ends. */
  nested<T>(read: () => T): T {
    if (this.#depth >= QUERY_LIMITS.depthMax) {
      throw this.refuse(`more than ${QUERY_LIMITS.depthMax} levels of nesting`, this.token, "query.tooLarge")
    }
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }

  /** Options of the query being read; queries inside it begin with them. */
  get options(): readonly Setting[] {
    return this.#options
  }

  within<T>(options: readonly Setting[], read: () => T): T {
    const outer = this.#options
    this.#options = options
    try {
      return read()
    } finally {
      this.#options = outer
    }
  }

  countPipe(): void {
    if (++this.#pipes > QUERY_LIMITS.pipesMax) {
      throw this.refuse(`more than ${QUERY_LIMITS.pipesMax} pipes`, this.token, "query.tooLarge")
    }
  }

  /** A refusal that points at `token` (the one being read, if none is given). */
  refuse(message: string, token: Token = this.token, code: RefusalCode = "query.malformed"): Refusal {
    const seen = token.raw === "" ? "at the end" : `at ${JSON.stringify(clip(token.raw))}`
    const facts: Facts = { position: token.start, length: Math.max(1, token.end - token.start) }
    return new Refusal(code, `${message}, ${seen} (position ${token.start + 1})`, facts)
  }

  unsupported(what: string, token: Token = this.token): Refusal {
    return this.refuse(`${what} cannot be run here yet`, token, "query.unsupported")
  }
}

/** `10`, `1_000`, `10K`, `1.5Ki`, `0x10`. `5m` is none: it may mean millions, and VictoriaLogs reads minutes. */
export function parseCount(text: string): number | undefined {
  if (!/^[0-9]/.test(text)) return undefined
  const plain = /^0[xob]/i.test(text) || /^[0-9_]+(\.0*)?$|^[0-9]+(\.[0-9]+)?e[0-9]+$/i.test(text)
  const bare = text.replaceAll("_", "")
  const count = plain ? parseNumber(bare) : parseSize(bare)
  return count !== undefined && Number.isSafeInteger(count) ? count : undefined
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`
}
