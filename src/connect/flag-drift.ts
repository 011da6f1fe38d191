import { type Drift, NEWEST, type Sighting, timeText } from "../policy/index.ts"
import { defaultOf, isOn } from "./audit-flags.ts"
import { type AuditFlags, flagValue } from "./server-flags.ts"

/** What the ledger received may be some bytes longer than what the server measured: redaction writes digests. */
const SLACK_BYTES = 4096
const EXAMPLES_MAX = 3

type Found = {
  events: number
  first: number
  last: number
  readonly examples: string[]
  readonly seen: string
}

/**
 * Holds events against the audit flags a kube-apiserver is said to run with. Little of them shows in an event: whether it
 * may be cut, and how large it may be. Nobody knows by which back end it came, so only what none would have sent is told.
 */
export class FlagDrift {
  readonly #cuts: boolean
  readonly #bytesMax: number
  readonly #found = new Map<string, Found>()

  constructor(flags: AuditFlags) {
    this.#cuts = isTruncating(flags, "log") || isTruncating(flags, "webhook")
    this.#bytesMax = Math.max(...backendsOf(flags).map((name) => bytesMaxOf(flags, name)))
  }

  add(sighting: Sighting): void {
    if (!this.#cuts && sighting.isTruncated())
      this.#note("no truncated event: truncation is off", "events marked audit.k8s.io/truncated", sighting)
    else if (sighting.size.whole > this.#bytesMax + SLACK_BYTES)
      this.#note(`events of ${this.#bytesMax} bytes at most`, "larger ones", sighting)
  }

  found(): readonly Drift[] {
    return [...this.#found].map(([expected, { seen, events, first, last, examples }]) => ({
      ...{ kind: "flags" as const, expected, seen, events, since: timeText(first), until: timeText(last) },
      ...{ examples, request: "any request" },
    }))
  }

  #note(expected: string, seen: string, { at, auditId }: Sighting): void {
    const none = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
    const found = this.#found.get(expected) ?? { events: 0, ...none, examples: [], seen }
    this.#found.set(expected, found)
    found.events++
    if (at < found.first) found.first = at
    if (at > found.last) found.last = at
    if (found.examples.length < EXAMPLES_MAX) found.examples.push(auditId())
  }
}

type Backend = "log" | "webhook"

/** Talos and RKE2 log to a file of their own without a flag that says so; a webhook has a flag wherever it is. */
function backendsOf(flags: AuditFlags): readonly Backend[] {
  return flagValue(flags, "audit-webhook-config-file") === undefined ? ["log"] : ["log", "webhook"]
}

function isTruncating(flags: AuditFlags, name: Backend): boolean {
  return isOn(flagValue(flags, `audit-${name}-truncate-enabled`))
}

function bytesMaxOf(flags: AuditFlags, name: Backend): number {
  if (!isTruncating(flags, name)) return Number.POSITIVE_INFINITY
  const flag = `audit-${name}-truncate-max-event-size`
  return Number(flagValue(flags, flag) ?? defaultOf(flag, NEWEST.minor))
}
