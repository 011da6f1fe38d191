import { fromBase64, toBase64 } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { formatMicros, type Micros, parseMicros } from "../base/time.ts"

/** Key and value pairs in a record's line, keys strictly ascending. */
export type Words = readonly (readonly [key: string, value: string])[]

/** What a source hands over: one audit event, before the journal gives it its place. */
export type NewRecord = {
  /** Where the bytes come from, cluster first: `prod-1/apiserver-0`. */
  readonly source: string
  readonly kind: string
  readonly words: Words
  /** The exact bytes received for this one event (after redaction, if any). */
  readonly body: Uint8Array
}

/** A record in its place in the ledger. */
export type PlacedRecord = NewRecord & {
  /** Number in the ledger, from 0, gapless. */
  readonly number: number
  /** Number within its source in this ledger, from 0, gapless. */
  readonly n: number
  /** The clock when the record was appended. */
  readonly receivedAt: Micros
}

/** The line that commits to a body; its hash is a leaf of its block's tree. */
export type RecordLine = {
  readonly receivedAt: Micros
  readonly source: string
  readonly n: number
  readonly kind: string
  /** Bytes in the body. */
  readonly size: number
  /** SHA-256(salt ‖ body). */
  readonly digest: Uint8Array
  readonly words: Words
}

/** Kind and source of the ledger's own records. No credential and no path can name it. */
export const RESERVED = "tallystick"
export const LINE_BYTES_MAX = 1024
const SOURCE_BYTES_MAX = 200
const DIGEST_BYTES = 32
const HEAD = "tallystick/record/v1"

const SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,62})*$/
const KIND = /^[a-z][a-z0-9.]{0,31}$/
const KEY = /^[a-z][a-z0-9]{0,31}$/
const VALUE = /^[\x21-\x7e]{1,128}$/

export function isSource(text: string): boolean {
  return text.length <= SOURCE_BYTES_MAX && SOURCE.test(text)
}

export function isKind(text: string): boolean {
  return KIND.test(text)
}

export function areWords(words: Words): boolean {
  return words.every(
    ([key, value], i) => KEY.test(key) && VALUE.test(value) && (i === 0 || (words[i - 1]?.[0] ?? "") < key),
  )
}

/** The cluster a source belongs to: its first segment. */
export function clusterOf(source: string): string {
  const slash = source.indexOf("/")
  return slash < 0 ? source : source.slice(0, slash)
}

/** ` key=value` for each word: the tail of a record's line. */
export function formatWords(words: Words): string {
  let text = ""
  for (const [key, value] of words) text += ` ${key}=${value}`
  return text
}

/** Inverse of {@link formatWords} over the pieces between spaces; order and alphabet are checked by {@link areWords}. */
export function parseWords(pieces: readonly string[]): Words {
  return pieces.map((piece) => {
    const equals = piece.indexOf("=")
    return [piece.slice(0, Math.max(equals, 0)), piece.slice(equals + 1)] as const
  })
}

/** One line, without its newline: `tallystick/record/v1 <receivedAt> <source> <n> <kind> <size> <digest>[ <key>=<value>]*`. */
export function formatRecord(line: RecordLine): string {
  const { receivedAt, source, n, kind, size, digest, words } = line
  return `${HEAD} ${formatMicros(receivedAt)} ${source} ${n} ${kind} ${size} ${toBase64(digest)}${formatWords(words)}`
}

/** Inverse of {@link formatRecord}: refuses any text it would not have written. */
export function parseRecord(text: string): RecordLine {
  const [head, receivedAt = "", source = "", n = "", kind = "", size = "", digest = "", ...words] =
    text.split(" ")
  if (head !== HEAD || text.length > LINE_BYTES_MAX) throw malformed(text)
  try {
    const line: RecordLine = {
      receivedAt: parseMicros(receivedAt),
      source,
      n: Number(n),
      kind,
      size: Number(size),
      digest: fromBase64(digest),
      words: parseWords(words),
    }
    const possible =
      isSource(source) &&
      isKind(kind) &&
      isCount(line.n) &&
      isCount(line.size) &&
      line.digest.length === DIGEST_BYTES &&
      areWords(line.words)
    if (!possible || formatRecord(line) !== text) throw malformed(text)
    return line
  } catch (error) {
    if (isRefusal(error) && error.code !== "record.malformed") throw malformed(text, error)
    throw error
  }
}

function malformed(text: string, cause?: unknown): Refusal {
  return new Refusal("record.malformed", `not a record line: ${JSON.stringify(text.slice(0, 80))}`, {}, cause)
}
