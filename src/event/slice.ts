import { toBytes } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { endOfLine, endOfLoose, skipBetween } from "./loose.ts"
import { createNames, findKey } from "./names.ts"
import type { QuarantineCode } from "./quarantine.ts"
import { type Captures, createCaptures, type Hints, hintsOf, judge, scanEvent } from "./recognise.ts"
import {
  byteAt,
  createScan,
  DEPTH_MAX,
  FAULT,
  failAt,
  type Scan,
  scanKey,
  scanValue,
  skipWhite,
  spells,
} from "./scan.ts"

/**
 * One item as received: `body[start, end)`, nothing more and nothing less. Exactly one of the other two is
 * there.
 */
export type Item = {
  readonly start: number
  readonly end: number
  /** Why it is not understood; undefined for an audit.k8s.io/v1 Event. */
  readonly quarantined: QuarantineCode | undefined
  readonly hints: Hints | undefined
}

export type Sliced = {
  /** `list`: one EventList or array; `single`: one value; `lines`: several values one after the other. */
  readonly shape: "list" | "single" | "lines"
  readonly items: readonly Item[]
}

export type SliceLimits = {
  /**
   * A larger item is quarantined (`tooLarge`). Segments are made from lines of up to 32 MiB (DuckDB's
   * reader).
   */
  readonly itemBytesMax: number
  /**
   * Most items in one body: each costs some 200 bytes of memory while it is delivered. kube-apiserver sends
   * 400.
   */
  readonly itemsMax: number
  readonly depthMax: number
}

export const SLICE_LIMITS: SliceLimits = {
  itemBytesMax: 24 * 1024 * 1024,
  itemsMax: 250_000,
  depthMax: DEPTH_MAX,
}

/**
 * Cuts the exact bytes of each event out of what a sender posted, in one pass that validates every byte as
 * JSON.
 *
 * Taken are: an EventList (keys in any order, `items` possibly several times: the items of every one count),
 * a JSON array of events, a single Event, and any of these one after the other, with newlines (JSON lines;
 * LF, CRLF, blank lines), commas or nothing between them. NUL bytes between values (the hole `copytruncate`
 * leaves) and a byte order mark are separators.
 *
 * Nothing is dropped: a byte is white space, part of an envelope (the brackets, commas and scalar members
 * around `items`), or part of an item. What is not a recognised event is an item with a quarantine code and
 * never costs its neighbours: where an item's brackets still balance, the list goes on after it; where they
 * do not, the rest of the list is one item; in JSON lines the next line that begins with "{" or "[" is the
 * next item. Of a list that is cut off, whole items stay whole.
 *
 * Throws `event.notJson` when no part of the body is JSON or begins like it.
 */
export function sliceEvents(body: Uint8Array, limits: Partial<SliceLimits> = {}): Sliced {
  return slice(body, limits, isList)
}

/**
 * The same for bodies of lines that may be anything: an object with a member `items` is one item like any other.
 */
export function sliceLines(body: Uint8Array, limits: Partial<SliceLimits> = {}): Sliced {
  return slice(body, limits, () => false)
}

function slice(body: Uint8Array, limits: Partial<SliceLimits>, isEnvelope: typeof isList): Sliced {
  const slicer: Slicer = {
    scan: createScan(body, limits.depthMax ?? SLICE_LIMITS.depthMax),
    captures: CAPTURES,
    limits: { ...SLICE_LIMITS, ...limits },
    items: [],
    seemsJson: false,
    wasted: 0,
  }
  const { scan, items } = slicer
  let values = 0
  let lists = 0
  for (let at = skipBetween(scan, 0); at < scan.end; at = skipBetween(scan, at)) {
    values++
    if (byteAt(scan, at) === OPEN_ARRAY) {
      lists++
      slicer.seemsJson = true
      at = sliceArray(slicer, at)
    } else if (byteAt(scan, at) === OPEN_OBJECT && isEnvelope(scan, at)) {
      lists++
      slicer.seemsJson = true
      at = sliceEnvelope(slicer, at)
    } else at = sliceItem(slicer, at, "lines")
  }
  if (!slicer.seemsJson) {
    const found = scan.end === 0 ? "an empty body" : `${scan.end} bytes that are not JSON`
    throw new Refusal("event.notJson", `expected audit events as JSON, saw ${found}`)
  }
  return { shape: values > 1 ? "lines" : lists === 1 ? "list" : "single", items }
}

/** One for all: written and read for one item at a time, without awaiting. */
const CAPTURES = createCaptures()

type Slicer = {
  readonly scan: Scan
  readonly captures: Captures
  readonly limits: SliceLimits
  readonly items: Item[]
  seemsJson: boolean
  wasted: number
}

const [QUOTE, COMMA, LINE_FEED] = [0x22, 0x2c, 0x0a]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Takes the items of the array whose "[" is at `at`; returns the offset after its "]", or the end where it
 * has none.
 */
function sliceArray(slicer: Slicer, at: number): number {
  const { scan } = slicer
  at++
  for (;;) {
    at = skipWhite(scan, at)
    const byte = byteAt(scan, at)
    if (at >= scan.end) return at
    if (byte === CLOSE_ARRAY) return at + 1
    at = byte === COMMA ? at + 1 : sliceItem(slicer, at, "list")
  }
}

/** Takes the item that begins at `at`; returns the offset after it. */
function sliceItem(slicer: Slicer, at: number, within: "list" | "lines"): number {
  const { scan, captures, limits, items } = slicer
  const first = byteAt(scan, at)
  if (items.length >= limits.itemsMax) return sliceRest(slicer, at, "tooMany")

  scan.signs = 0
  const end = first === OPEN_OBJECT ? scanEvent(scan, captures, at) : scanValue(scan, at, 0)
  if (end < 0) return sliceFaulty(slicer, at, within)
  if (!mayEnd(scan, end, within, first)) {
    scan.fault = "syntax"
    scan.faultAt = end
    return sliceFaulty(slicer, at, within)
  }
  slicer.seemsJson = true
  if (end - at > limits.itemBytesMax) push(slicer, at, end, "tooLarge")
  else if (first !== OPEN_OBJECT) push(slicer, at, end, "notObject")
  else {
    const code = judge(scan, captures)
    if (code !== undefined) push(slicer, at, end, code)
    else items.push({ start: at, end, quarantined: undefined, hints: hintsOf(scan, captures) })
  }
  return end
}

/**
 * Whether an item that begins with `first` may end at `at`. In a list a comma or "]" must follow; a list that
 * is cut off there has kept the item whole. Among lines objects and arrays end where they close, but a scalar
 * is one only if it has its line for itself: `2026-07-24 AUDIT: ...` does not begin with the number 2026.
 */
function mayEnd(scan: Scan, at: number, within: "list" | "lines", first: number): boolean {
  if (within === "lines" && (first === OPEN_OBJECT || first === OPEN_ARRAY)) return true
  const next = within === "list" ? skipWhite(scan, at) : skipBlanks(scan, at)
  const byte = byteAt(scan, next)
  return next >= scan.end || byte === COMMA || byte === (within === "list" ? CLOSE_ARRAY : LINE_FEED)
}

function skipBlanks(scan: Scan, at: number): number {
  while (byteAt(scan, at) === 0x20 || byteAt(scan, at) === 0x09 || byteAt(scan, at) === 0x0d) at++
  return at
}

/**
 * Keeps what begins at `at` and is not JSON, up to where the next item can be told from it; returns that
 * offset.
 */
function sliceFaulty(slicer: Slicer, at: number, within: "list" | "lines"): number {
  const { scan } = slicer
  const { fault } = scan
  const first = byteAt(scan, at)
  if (first === OPEN_OBJECT || first === OPEN_ARRAY || within === "list") slicer.seemsJson = true
  const end = within === "list" ? endOfLoose(scan, at) : endOfLine(scan, at)
  // Torn lines that nest into each other would each be scanned to the depth limit.
  slicer.wasted += Math.max(0, scan.faultAt - end)
  if (slicer.wasted > WASTE_MAX * scan.end) return sliceRest(slicer, at, fault)
  // Cut off is only what reaches the end of the body; a line torn in the middle of many is just not JSON.
  push(slicer, at, end, fault === "cutOff" && end < lastByte(scan) ? "syntax" : fault)
  return end
}

/** Offset after the last byte that is not white space. */
function lastByte(scan: Scan): number {
  let end = scan.end
  while (end > 0 && (scan.body[end - 1] as number) <= 0x20) end--
  return end
}

/** Bytes scanned in vain, as a multiple of the body, after which the rest is one item. */
const WASTE_MAX = 8

function sliceRest(slicer: Slicer, at: number, code: QuarantineCode): number {
  push(slicer, at, slicer.scan.end, code)
  return slicer.scan.end
}

function push({ items }: Slicer, start: number, end: number, quarantined: QuarantineCode): void {
  items.push({ start, end, quarantined, hints: undefined })
}

const TELLING = createNames(["items", "kind", "auditID", "stage", "level", "requestURI", "verb", "user"])
const [ITEMS, KIND] = [0, 1]
const ENVELOPE = createNames(["items", "apiVersion", "kind", "metadata"])
const VERSION = 1
const NONE = -1
const [LIST_KIND, EVENT_KIND] = [toBytes('"EventList"'), toBytes('"Event"')]
const VERSION_TEXT = toBytes('"audit.k8s.io/v1"')

/** Looks at the first keys of an object until one tells whether it is a list of events or something else. */
function isList(scan: Scan, at: number): boolean {
  at = skipWhite(scan, at + 1)
  while (byteAt(scan, at) === QUOTE) {
    const key = at
    at = scanKey(scan, at)
    if (at < 0) return false
    const name = findKey(TELLING, scan.body, key)
    if (name === ITEMS && byteAt(scan, at) === OPEN_ARRAY) return true
    if (name === KIND && spells(scan, at, LIST_KIND)) return true
    if (name > KIND || (name === KIND && spells(scan, at, EVENT_KIND))) return false
    at = scanValue(scan, at, 1)
    if (at < 0) return false
    at = skipWhite(scan, at)
    if (byteAt(scan, at) === COMMA) at = skipWhite(scan, at + 1)
  }
  return false
}

/** Takes the items of the list whose "{" is at `at`; returns the offset after it. */
function sliceEnvelope(slicer: Slicer, at: number): number {
  const { scan, items } = slicer
  const first = items.length
  let otherVersion = false
  at = skipWhite(scan, at + 1)
  while (at < scan.end && byteAt(scan, at) !== CLOSE_OBJECT) {
    const key = at
    const value = scanKey(scan, at)
    const name = value < 0 ? NONE : findKey(ENVELOPE, scan.body, key)
    if (name === ITEMS && byteAt(scan, value) === OPEN_ARRAY) at = sliceArray(slicer, value)
    else {
      at = value < 0 ? FAULT : scanValue(scan, value, 1)
      if (at < 0) return sliceFaulty(slicer, key, "lines")
      if (name === VERSION) otherVersion = !spells(scan, value, VERSION_TEXT)
      keepStrangeMember(slicer, name, value, at)
    }
    at = skipWhite(scan, at)
    if (byteAt(scan, at) === COMMA) at = skipWhite(scan, at + 1)
    else if (at < scan.end && byteAt(scan, at) !== CLOSE_OBJECT) {
      failAt(scan, at)
      return sliceFaulty(slicer, at, "lines")
    }
  }
  if (otherVersion) distrust(items, first)
  return Math.min(at + 1, scan.end)
}

/**
 * A list has no other members with members of their own: what stands there may be events under another name.
 */
function keepStrangeMember(slicer: Slicer, name: number, start: number, end: number): void {
  const { scan } = slicer
  const first = byteAt(scan, start)
  const isDeep = first === OPEN_OBJECT || first === OPEN_ARRAY
  if (name === ITEMS && first !== 0x6e) push(slicer, start, end, "type")
  else if (isDeep && name === NONE) push(slicer, start, end, "notEvent")
}

/** The list says that its items, which carry no version of their own, are of another one. */
function distrust(items: Item[], first: number): void {
  for (let i = first; i < items.length; i++) {
    const item = items[i]
    if (item?.hints !== undefined) items[i] = { ...item, quarantined: "version", hints: undefined }
  }
}
