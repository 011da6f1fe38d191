import type { Metrics } from "../api/metrics.ts"
import { every } from "../base/loop.ts"
import type { Clock, Micros } from "../base/time.ts"
import { type AuditFlags, FlagDrift, readPolicyFile } from "../connect/index.ts"
import type { NewRecord } from "../event/record.ts"
import { DriftSearch } from "../policy/drift.ts"
import { driftText } from "../policy/drift-text.ts"
import type { Policy } from "../policy/policy.ts"
import { createSightingReader } from "../policy/sighting.ts"
import { namesToldApartBy } from "../policy/told-apart.ts"
import { Traffic } from "../policy/traffic.ts"
import { NEWEST } from "../policy/validate.ts"
import type { QueryMessage } from "../search/message.ts"
import type { ConfigType } from "./config.ts"
import { controlFilter } from "./control-query.ts"
import type { Log } from "./log.ts"
import {
  IN_FORCE,
  isPolicyOf,
  isSameInForce,
  type PolicyInForce,
  parsePolicyRecord,
  policyInForce,
  policyRecord,
  serverEvidence,
} from "./policy-in-force-record.ts"
import { readText } from "./read.ts"
import { BODY_FIELDS, bodyOf } from "./row-body.ts"
import { secondsBetween } from "./traffic-report.ts"

export type DriftWatch = {
  readonly config: ConfigType
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** Number of the next record. */
  readonly next: () => number
  readonly ask: (text: string, rowsMax: number) => AsyncIterable<QueryMessage>
  readonly keep: (records: readonly NewRecord[]) => Promise<void>
  /** Makes a finding a record. */
  readonly tell: (what: string, facts: Readonly<Record<string, string>>) => Promise<void>
  readonly onTrouble: (trouble: unknown) => void
}

type Declared = ConfigType["policy"]["declared"][number]

/** Newest events looked at in one turn: some 20 MB. Drift is in all of them or in few; who wants all asks `policy drift`. */
const EVENTS_MAX = 20_000
const POLICIES_MAX = 10_000
/** The same finding is told again after so long. */
const AGAIN_MICROS = 86_400_000_000

/**
 * Holds what came since the last turn against the declared policies, and records each policy when it is new. Asks the
 * search process, as anybody would: acknowledgements never wait for it.
 */
export async function driftLoop(watch: DriftWatch, stop: AbortSignal): Promise<void> {
  const { declared, intervalMs } = watch.config.policy
  if (declared.length === 0) return
  const state: State = { inForce: new Map(), toldAt: new Map(), findings: 0 }
  watch.metrics.watch("tallystick_policy_drift", () => state.findings)
  const begun = watch.next()
  /** Below which each was held against what came: what could not be looked at is in the next turn. */
  const checkedTo = new Map(declared.map((one) => [one, begun]))
  await every(intervalMs, stop, async () => {
    const to = watch.next()
    let findings = 0
    for (const one of declared) {
      try {
        const held = await declaredNow(one, watch, state)
        const checked = await check(one, held, { from: checkedTo.get(one) ?? begun, to }, watch, state)
        findings += checked.findings
        checkedTo.set(one, checked.to)
      } catch (error) {
        if (!stop.aborted) watch.onTrouble(error)
      }
    }
    state.findings = findings
  })
}

type State = {
  /** The policy last recorded, by source. */
  readonly inForce: Map<string, PolicyInForce>
  readonly toldAt: Map<string, Micros>
  findings: number
}

/** Reads the files again each turn; what is not what was recorded last is recorded before it counts. */
async function declaredNow(
  { source, file, flags }: Declared,
  watch: DriftWatch,
  state: State,
): Promise<Held> {
  const { text, policy } = readPolicyFile(await readText(file), NEWEST, file)
  const server = flags === undefined ? {} : { server: serverEvidence(await readText(flags), flags) }
  const put = policyInForce({ source, by: "serve", text, ...server })
  const known = state.inForce.get(source) ?? (await recordedFor(source, watch))
  if (known === undefined || !isSameInForce(known, put)) {
    await watch.keep([policyRecord(put)])
    watch.log.info(IN_FORCE, { source, sha256: put.sha256 })
  }
  state.inForce.set(source, put)
  return { policy, flags: put.server?.flags }
}

/** What events are held against. */
type Held = { readonly policy: Policy; readonly flags: AuditFlags | undefined }

/** The newest policy recorded for exactly this source. */
async function recordedFor(source: string, { ask }: DriftWatch): Promise<PolicyInForce | undefined> {
  let newest = -1
  let found: PolicyInForce | undefined
  for await (const message of ask(`${controlFilter("did", IN_FORCE)} | fields record, raw`, POLICIES_MAX)) {
    if (message.kind !== "rows") continue
    for (const { record, raw } of message.rows) {
      const put = parsePolicyRecord(Buffer.from(raw ?? ""))
      if (put?.source !== source || Number(record) <= newest) continue
      newest = Number(record)
      found = put
    }
  }
  return found
}

/**
 * Returns how many kinds of drift there are, and below which record they were looked for: behind the records of an answer that is
 * not whole there may be more. New ones are recorded and logged.
 */
async function check(
  { source }: Declared,
  { policy, flags }: Held,
  { from, to }: { readonly from: number; readonly to: number },
  watch: DriftWatch,
  state: State,
): Promise<{ readonly findings: number; readonly to: number }> {
  if (from >= to) return { findings: 0, to }
  const search = new DriftSearch(policy)
  const traffic = new Traffic({
    apart: namesToldApartBy([policy]),
    onCells: (cells) => {
      for (const cell of cells) search.add(cell)
    },
  })
  const flagDrift = flags === undefined ? undefined : new FlagDrift(flags)
  const read = createSightingReader()
  let partial: string | undefined
  let seenTo = from
  const query = `kind:=k8s.audit record:>=${from} record:<${to} | fields record, source, ${BODY_FIELDS}`
  for await (const message of watch.ask(query, EVENTS_MAX)) {
    if (message.kind !== "rows") partial = message.partial
    else
      for (const row of message.rows) {
        seenTo = Math.max(seenTo, Number(row.record) + 1)
        const body = isPolicyOf(source, row.source ?? "") ? bodyOf(row) : undefined
        const sighting = body === undefined ? undefined : read(body)
        if (sighting === undefined) continue
        traffic.add(sighting)
        flagDrift?.add(sighting)
      }
  }
  traffic.flush()
  const { events, first, last } = traffic.seen
  // Of a part of the events nobody can say that something is not among them.
  const found = [...search.found(secondsBetween(first, last)), ...(flagDrift?.found() ?? [])].filter(
    ({ kind }) => kind !== "missing" || partial === undefined,
  )
  for (const drift of found) {
    const text = driftText(drift)
    const key = `${source}\n${text}`
    const now = watch.clock()
    if (now - (state.toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MICROS) continue
    state.toldAt.set(key, now)
    const { kind, since, examples, request, because = "" } = drift
    const facts = {
      ...{ source, drift: text, kind, events: String(drift.events), of: String(events), since },
      ...{ examples: examples.join(" "), request, because, partial: partial ?? "" },
    }
    watch.log.warn("policy.drift", facts)
    await watch.tell("policy.drift", facts)
  }
  return { findings: found.length, to: partial === undefined ? to : seenTo }
}
