import { utf8 } from "../../base/bytes.ts"
import { isObject } from "../../base/is-object.ts"
import { isRefusal } from "../../base/refusal.ts"
import { type Item, sliceEvents } from "../../event/slice.ts"
import { membersOf } from "./members.ts"
import type { Fields } from "./place.ts"

/**
 * Kubernetes audit events inside what a collector made of them.
 *
 * A collector that leaves the line of the audit log alone has it as a string in `log`, `message` or the like: decoded,
 * that string is the event's exact bytes. One that parsed it (`body: {…}`, or all members at the top) has printed it
 * anew: order, spaces and numbers are its own, and the record says so.
 */
export type Wrapped = {
  readonly bytes: Uint8Array
  readonly items: readonly Item[]
  readonly isExact: boolean
}

/** Where collectors put the line: Fluent Bit and Docker, Vector, journald, OTLP, VictoriaLogs, Logstash. */
const WRAPPERS = ["log", "message", "MESSAGE", "body", "_msg", "msg", "event", "stringValue"]
/** A docker log line inside a Fluent Bit record inside an OTLP body is three. */
const WRAPPERS_MAX = 4
/** Every audit event has it, and hardly a line that is none. */
const SIGN = "auditID"
/** What of an event can hold secrets. */
const BODIES = ["requestObject", "responseObject"]

const BRACE = 0x7b

/** Looks for an event in the fields of one line whose bytes are `line`. */
export function findWrapped(fields: Fields, line: Uint8Array, depth = 0): Wrapped | undefined {
  if (depth > WRAPPERS_MAX) return undefined
  for (const name of WRAPPERS) {
    if (!Object.hasOwn(fields, name)) continue
    const value = fields[name]
    const found = typeof value === "string" ? eventsInText(value, depth) : undefined
    if (found !== undefined) return found
    if (!isObject(value)) continue
    // Of members of one name the last, as JSON.parse has it.
    const inner = [...membersOf(line)].findLast((member) => member.name === name)?.value
    if (inner === undefined) continue
    if (isEventLike(value)) return eventsIn(inner, false)
    const deeper = findWrapped(value, inner, depth + 1)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/**
 * Events in a text, from its first brace on: what stands before is the wrapper's (time and stream of a CRI log line, a
 * prefix of klog), and then what stands behind may be too (the quote that ends Telegraf's `message="{…}"`). Also events that are torn: their bytes are kept as events that are not understood, so that redaction
 * sees them as what they are.
 */
export function eventsInText(text: string, depth = 0): Wrapped | undefined {
  if (!text.includes(SIGN)) return undefined
  const brace = text.indexOf("{")
  if (brace < 0) return undefined
  const found = eventsIn(Buffer.from(text.slice(brace).trimEnd()), text.isWellFormed())
  const [first] = found?.items ?? []
  if (found === undefined || first === undefined) return undefined
  if (first.hints !== undefined) return brace > 0 ? withoutEnd(found) : found
  if (first.quarantined !== "notEvent") return found
  const inner = found.bytes.subarray(first.start, first.end)
  const fields = parseFields(inner)
  const deeper = fields === undefined ? undefined : findWrapped(fields, inner, depth + 1)
  // A list of another shape, say: with bodies of requests in it, redaction has to see it.
  return deeper ?? (BODIES.some((name) => text.includes(name)) ? found : undefined)
}

/** Without a last item in which nothing can be of an event. */
function withoutEnd({ items, ...rest }: Wrapped): Wrapped {
  const last = items.at(-1)
  const isEnd = last !== undefined && !rest.bytes.subarray(last.start, last.end).includes(BRACE)
  return { ...rest, items: isEnd ? items.slice(0, -1) : items }
}

/** Whether a parsed object says of itself what only an audit event does. */
export function isEventLike(fields: Fields): boolean {
  return Object.hasOwn(fields, SIGN) && Object.hasOwn(fields, "stage")
}

export function eventsIn(bytes: Uint8Array, isExact: boolean): Wrapped | undefined {
  try {
    return { bytes, items: sliceEvents(bytes).items, isExact }
  } catch (error) {
    if (isRefusal(error, "event.notJson")) return undefined
    throw error
  }
}

/** The object in these bytes; undefined where there is none. */
export function parseFields(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(utf8(bytes) ?? "")
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
