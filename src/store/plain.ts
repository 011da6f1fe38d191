import { utf8 } from "../base/bytes.ts"
import { EVENT_FIELDS } from "../event/fields.ts"
import { type FieldValue, parseEvent, readField } from "../event/parse.ts"
import { byteAt, createScan, scanKey, scanString, scanValue, skipWhite } from "../event/scan.ts"

/** Members of an event that have columns: `user`, `objectRef`, `verb` and so on. */
const MEMBERS: ReadonlySet<string> = new Set(EVENT_FIELDS.map(({ path }) => path?.[0] ?? ""))

/**
 * The event in `body` as one line of JSON that DuckDB reads as JavaScript does: only what has a column, as
 * `readField` reads it (of members that stand twice the last, nothing of another type), lone surrogates
 * replaced by U+FFFD. Undefined where it is no JSON object. Costs a JSON.parse; meant for the few bodies
 * that cannot be taken as they are.
 */
export function plainEvent(body: Uint8Array): string | undefined {
  const event = parseEvent(body)
  if (event === undefined) return undefined
  const plain: Tree = new Map()
  for (const { name, path = [] } of EVENT_FIELDS) {
    const value = readField(event, name)
    if (value !== undefined) put(plain, path, value)
  }
  return formatTree(plain)
}

/** A log line in `body` as one line of JSON. Numbers stay: what is no text of a log's is the text it prints as. */
export function plainLine(body: Uint8Array): string | undefined {
  const fields = parseEvent(body)
  if (fields === undefined) return undefined
  return JSON.stringify(fields, (_key, value) => (typeof value === "string" ? value.toWellFormed() : value))
}

type Tree = Map<string, Tree | FieldValue>

function put(tree: Tree, path: readonly string[], value: FieldValue): void {
  const [name = "", ...rest] = path
  if (rest.length === 0) tree.set(name, value)
  else {
    const found = tree.get(name)
    const inner: Tree = found instanceof Map ? found : new Map()
    tree.set(name, inner)
    put(inner, rest, value)
  }
}

function formatTree(value: Tree | FieldValue): string {
  if (typeof value === "string") return JSON.stringify(value.toWellFormed())
  if (typeof value === "number") return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(formatTree).join()}]`
  const members = value instanceof Map ? [...value] : Object.entries<FieldValue>(value as Members)
  return `{${members.map(([key, inner]) => `${formatTree(key)}:${formatTree(inner)}`).join()}}`
}

type Members = Readonly<Record<string, FieldValue>>

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x7b

/**
 * The members of a large event that have a column, copied byte by byte: nothing is parsed, so 20 MB of
 * requestObject cost neither DuckDB nor JavaScript memory. Undefined where the bytes are no JSON object.
 */
export function reducedEvent(body: Uint8Array): Uint8Array | undefined {
  const scan = createScan(body)
  const pieces: Uint8Array[] = []
  let at = skipWhite(scan, 0)
  if (byteAt(scan, at) !== OPEN) return undefined
  at = skipWhite(scan, at + 1)
  while (byteAt(scan, at) === QUOTE) {
    const key = at
    const keyEnd = scanString(scan, at + 1)
    const value = scanKey(scan, at)
    at = value < 0 ? value : scanValue(scan, value, 1)
    if (at < 0) return undefined
    if (MEMBERS.has(nameIn(body.subarray(key, keyEnd)))) {
      pieces.push(Buffer.of(pieces.length === 0 ? OPEN : COMMA), body.subarray(key, at))
    }
    at = skipWhite(scan, at)
    if (byteAt(scan, at) === COMMA) at = skipWhite(scan, at + 1)
  }
  if (byteAt(scan, at) !== OPEN + 2) return undefined
  return Buffer.concat([...pieces, Buffer.from(pieces.length === 0 ? "{}" : "}")])
}

/** A member's name from its quoted bytes; "" for names longer than any of ours. */
function nameIn(quoted: Uint8Array): string {
  const name: unknown = quoted.length > 256 ? "" : JSON.parse(utf8(quoted) ?? '""')
  return typeof name === "string" ? name : ""
}
