import { fromBase64, utf8 } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { legacyEvent, parseLegacyLine } from "../event/legacy.ts"
import { plainEvent, plainLine } from "./plain.ts"

/** The JSON of staged lines whose body the engine cannot take as it stands: stage.ts says when. */

/**
 * The json column where a body in base64 holds no event: never a JSON text. An empty one says "as in raw".
 */
const NO_EVENT = "-"

/** Whether event columns are to be filled: the kind says so and nobody doubted it. */
export function hasFields(head: string): boolean {
  const kind = kindIn(head)
  return (kind === "k8s.audit" || kind === "log") && !head.includes(" quarantined=")
}

function kindIn(head: string): string | undefined {
  return head.split(" ", 5)[4]
}

function plain(head: string, body: Uint8Array): string | undefined {
  return kindIn(head) === "log" ? plainLine(body) : plainEvent(body)
}

/** Both ways to begin an escape of a surrogate. */
export function mentionsSurrogate(bytes: Buffer): boolean {
  return bytes.includes("\\ud") || bytes.includes("\\uD")
}

/** DuckDB refuses JSON with a lone surrogate; which of them are lone, JSON.parse knows. */
export function eventWithSurrogates(line: Buffer, tab: number): string {
  const head = line.toString("latin1", 0, tab)
  if (!mentionsSurrogate(line) || !hasFields(head)) return ""
  return plain(head, line.subarray(tab + 1, line.length - 1)) ?? ""
}

/** What a line of the legacy format says, as an event; "" for other bodies. */
export function eventInLegacy(line: Buffer, tab: number): string {
  if (!hasFields(line.toString("latin1", 0, tab))) return ""
  const legacy = parseLegacyLine(utf8(line.subarray(tab + 1, line.length - 1)) ?? "")
  return legacy === undefined ? "" : JSON.stringify(legacyEvent(legacy))
}

export function eventInBase64(line: Buffer, tab: number): string {
  const head = line.toString("latin1", 0, tab)
  if (!hasFields(head)) return NO_EVENT
  try {
    return plain(head, fromBase64(line.toString("latin1", tab + 1, line.length - 1))) ?? NO_EVENT
  } catch (error) {
    if (isRefusal(error)) throw damagedJournal(`record ${head.slice(0, head.indexOf(" "))}`)
    throw error
  }
}

export function damagedJournal(what: string): Refusal {
  return new Refusal("segment.damagedJournal", what)
}
