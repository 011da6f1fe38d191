import { includesBytes, toBytes } from "../base/bytes.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Hints } from "./recognise.ts"
import { findEdits } from "./redact-event.ts"
import { findLooseEdits, UNPARSED } from "./redact-loose.ts"
import { compileRules, type Rules } from "./redaction-compile.ts"
import { DEFAULT_REDACTION, type RedactionRule } from "./redaction-rules.ts"
import { createScan, SIGNS, scanValue } from "./scan.ts"
import { SLICE_LIMITS, sliceEvents } from "./slice.ts"
import { type Edit, splice } from "./splice.ts"

export { DEFAULT_REDACTION, ENVIRONMENT_REDACTION, type RedactionRule } from "./redaction-rules.ts"

export type Redacted = {
  /** The item with marks in place of what was taken out; every other byte as it was. */
  readonly body: Uint8Array
  /** Names of the rules that hit, each once: among {@link redactionNames}. */
  readonly redacted: readonly string[]
}

/**
 * Takes out of one item what must never be written; undefined where that is nothing. `hints` are those
 * `sliceEvents` gave with the item: with them the usual answer costs some nanoseconds, without them the item
 * is scanned again.
 */
export type Redactor = (item: Uint8Array, hints?: Hints) => Redacted | undefined

/**
 * Makes a redactor of rules; refuses `redaction.malformed`.
 *
 * An event is only looked into where the scan saw a sign that a rule could hit (SIGNS, the resource, a body
 * of unknown kind); the signs are such that without them no rule can. Keys and kinds are compared decoded,
 * every one of duplicate keys counts. What was replaced is `[redacted:<rule>]`, and doing it twice changes
 * nothing.
 *
 * An item that is JSON but no recognised event is treated likewise, wherever in it bodies and objects stand.
 * Where it is not even JSON (cut off, torn, too deep) `redact-loose.ts` takes out what looks like secret
 * material, rather too much than too little. What no rule can know: secrets under names no rule has, in keys
 * instead of values, encoded another way (gzip, base64 of a manifest), and the rest of a value whose
 * beginning, with its key, is in another item.
 */
export function compileRedaction(rules: readonly RedactionRule[] = DEFAULT_REDACTION): Redactor {
  const compiled = compileRules(rules)
  return (item, given) => {
    if (given === undefined && isPlain(compiled, item)) return undefined
    const hints = given ?? hintsAgain(item)
    if (hints !== undefined) {
      if (!mayHold(compiled, hints, item)) return undefined
      return apply(item, findEdits(item, compiled, "event"))
    }
    const edits = isWholeJson(item) ? findEdits(item, compiled, "anything") : findLooseEdits(item, compiled)
    return apply(item, edits)
  }
}

/** Every name that can stand in {@link Redacted.redacted}: for metrics that start at zero. */
export function redactionNames(rules: readonly RedactionRule[] = DEFAULT_REDACTION): readonly string[] {
  return [...rules.map(({ name }) => name), UNPARSED]
}

/** The fast path. Sound: false only where no rule can hit. */
function mayHold(rules: Rules, { signs, resource, subresource, hasBody }: Hints, item: Uint8Array): boolean {
  if ((signs & (rules.signs | SIGNS.escape)) !== 0 || rules.always) return true
  const isNamed =
    rules.resources.has(resource) || (subresource !== "" && rules.resources.has(`${resource}/${subresource}`))
  // Most events about Secrets are reads at level Metadata: one in nine, and the careful path takes 26 µs.
  if (isNamed && (hasBody || showsOne(rules.marksOfResources, item))) return true
  return hasBody && (rules.anyBody || (rules.unnamedBody && resource === ""))
}

function showsOne(marks: Rules["marksOfResources"], item: Uint8Array): boolean {
  return marks === undefined || marks.some((mark) => includesBytes(item, mark))
}

/**
 * The fast path of everything that came without hints, log lines above all. Sound: true only where no rule can hit. Rules
 * about resources hit by `objectRef` and `requestURI` alone, whose names stand here as they are, since there is no escape.
 */
function isPlain(rules: Rules, item: Uint8Array): boolean {
  if (rules.always || rules.anyBody || item.length > SLICE_LIMITS.itemBytesMax) return false
  const scan = createScan(item)
  if (scanValue(scan, 0, 0) !== item.length) return false
  if ((scan.signs & (rules.signs | SIGNS.escape)) !== 0) return false
  return !NAMES_OF_RESOURCES.some((name) => includesBytes(item, name))
}

const NAMES_OF_RESOURCES = ["objectRef", "requestURI"].map(toBytes)

function apply(item: Uint8Array, edits: readonly Edit[]): Redacted | undefined {
  if (edits.length === 0) return undefined
  const { body, rules } = splice(item, edits)
  return { body, redacted: rules }
}

/** Undefined where the item is anything but one recognised event. */
function hintsAgain(item: Uint8Array): Hints | undefined {
  try {
    const { items } = sliceEvents(item)
    return items.length === 1 && items[0]?.end === item.length ? items[0].hints : undefined
  } catch (error) {
    if (isRefusal(error, "event.notJson")) return undefined
    throw error
  }
}

/** JSON of any shape, of which a tree can be read. */
function isWholeJson(item: Uint8Array): boolean {
  return item.length <= SLICE_LIMITS.itemBytesMax && scanValue(createScan(item), 0, 0) === item.length
}
