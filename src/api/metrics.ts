import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from "prom-client"
import type { Micros } from "../base/time.ts"
import { QUARANTINE, type QuarantineCode } from "../event/quarantine.ts"
import { type Outcome, PROTOCOLS, type Protocol } from "../intake/insert/keeper.ts"
import { AUTH_REFUSALS, type AuthRefusal } from "./auth.ts"
import { QUERY_ENDPOINTS, QUERY_OUTCOMES, type QueryEndpoint, type QueryOutcome } from "./endpoints.ts"
import { type Countable, EventCounts, OTHER } from "./event-counts.ts"

/**
 * What /metrics shows: the one file that knows prom-client. Others call plain functions. Every name is there from the
 * start, counters at 0, so that no alert is silent because its series never existed.
 */

/** Where a write can fail: label of `audit_storage_errors_total`. */
export const TIERS = ["journal", "log", "segment", "catalogue", "object"] as const
export type Tier = (typeof TIERS)[number]

/** Why something that came on a connection was no request: label of `tallystick_unrequested_total`. */
export const UNREQUESTED = ["malformed", "head", "slow", "tls", "http2"] as const
export type Unrequested = (typeof UNREQUESTED)[number]

/** What a verification found: 1 fine, 0 tampered, -1 could not tell (and before the first run). */
export type VerificationStatus = 1 | 0 | -1

/** Gauges that are asked for their value when somebody scrapes. */
export const WATCHED_GAUGES = {
  tallystick_in_flight_bytes: "Bytes taken from senders and not yet durable.",
  tallystick_unsealed_records: "Records in the journal that no checkpoint covers yet.",
  tallystick_unsegmented_records: "Sealed records that are not in a segment yet.",
  tallystick_checkpoint_age_seconds: "Age of the newest checkpoint.",
  tallystick_journal_queue_bytes: "Bytes waiting for the journal's next fdatasync.",
  tallystick_search_up: "1 while the search process answers.",
  tallystick_policy_drift:
    "Kinds of events in the last check that a declared audit policy would not have produced, or that it misses.",
} as const
export type WatchedGauge = keyof typeof WATCHED_GAUGES

export type MetricsOptions = {
  /** Origin of this ledger: label `log`. */
  readonly log: string
  /** `metrics.seriesMax`. */
  readonly seriesMax: number
  /** Sources known from the configuration: present with 0 before their first event. */
  readonly sources: readonly string[]
  readonly redactionRules: readonly string[]
}

export interface Metrics {
  /** One body came in whole: bytes after decompression. */
  received(bytes: number): void
  /** One body was sliced to so many records. */
  records(count: number): void
  /** One batch is durable; from its last byte to the sync took `seconds`. */
  acked(records: number, seconds: number): void
  quarantined(code: QuarantineCode): void
  /** One event had something taken out by these rules. */
  redacted(rules: readonly string[]): void
  duplicates(count: number): void
  /** Lines of an insert request are durable. */
  inserted(protocol: Protocol, outcomes: readonly Outcome[]): void
  /** A request claimed to come from a cluster that is not its credential's. */
  spoofed(): void
  /** A body was refused for its size: its events are lost. */
  lost(): void
  events(events: readonly Countable[]): void
  /** The newest event of a source came in. */
  lastEvent(source: string, at: Micros): void
  fsync(seconds: number): void
  storageError(tier: Tier): void
  verification(status: VerificationStatus, at: Micros): void
  request(request: { readonly route: string; readonly method: string; readonly status: number }): void
  queryBegan(): void
  queryEnded(query: {
    readonly endpoint: QueryEndpoint
    readonly outcome: QueryOutcome
    readonly seconds: number
  }): void
  authRefused(why: AuthRefusal): void
  connectionRefused(limit: "address" | "all"): void
  /** What came on a connection was no request, so that nothing else counts it. */
  unrequested(why: Unrequested): void
  /** From now on `read` gives the gauge's value. */
  watch(gauge: WatchedGauge, read: () => number): void
  /** From now on `read` gives when the certificates in each file of the configuration's `tls` expire, in seconds since 1970. */
  watchCertificates(read: () => ReadonlyMap<string, number>): void
  /** OpenMetrics 1.0. */
  text(): Promise<string>
  readonly contentType: string
}

/** Label values for sources; more of them share `__other__`. */
const SOURCES_MAX = 500
/** fdatasync: 0.1 ms on NVMe, 3-10 ms on cloud disks, seconds on a dying one. */
const FSYNC_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
/** An ack is one or two syncs and the slicing of a body; kube-apiserver gives up at 30 s. */
const ACK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** A needle takes milliseconds, a scan of everything the half minute it is given. */
const QUERY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300]
const METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]
const PER_SECOND = 1_000_000

type Registers = Registry<OpenMetricsContentType>[]

export function createMetrics({ log, seriesMax, sources, redactionRules }: MetricsOptions): Metrics {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers: Registers = [registry]
  // prom-client's OpenMetrics text adds _total to every counter's name by itself.
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const labelled = <L extends string>(name: string, label: L, values: readonly string[], help: string) => {
    const made = new Counter<string>({ name, help, labelNames: [label], registers })
    for (const value of values) made.inc({ [label]: value }, 0)
    return made
  }
  collectDefaultMetrics({ register: registry })
  // Gauges by the names of counters, which linters of metrics complain of; what they say, nodejs_active_* says by type.
  for (const kind of ["resources", "handles", "requests"]) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  }

  const bodies = counter("tallystick_received_bodies", "Bodies received whole.")
  const bytes = counter("tallystick_received_bytes", "Bytes of bodies received, after decompression.")
  const received = counter("tallystick_received", "Records cut out of received bodies.")
  const empty = counter("tallystick_empty_bodies", "Bodies that held no event at all.")
  const acked = counter("tallystick_acked", "Records that are durable and were acknowledged.")
  const duplicate = counter(
    "tallystick_duplicate",
    "Records whose body was delivered before in the same cluster.",
  )
  const lost = counter("tallystick_lost_bodies", "Bodies refused for their size; each has a loss record.")
  const spoofed = counter(
    "tallystick_source_spoofed",
    "Insert requests that claimed another cluster or source than their credential's; each was refused.",
  )
  const inserted = new Counter({
    name: "tallystick_insert_lines",
    help: "Lines that are durable, by protocol and what they became.",
    labelNames: ["protocol", "outcome"],
    registers,
  })
  for (const protocol of PROTOCOLS)
    for (const outcome of ["event", "log", "quarantined"]) inserted.inc({ protocol, outcome }, 0)
  const quarantined = labelled(
    "tallystick_quarantined",
    "code",
    Object.keys(QUARANTINE),
    "Records kept without being understood, by reason.",
  )
  const redacted = labelled(
    "tallystick_redacted",
    "rule",
    redactionRules,
    "Events that a rule took something out of.",
  )
  const storageErrors = labelled("audit_storage_errors", "tier", TIERS, "Writes that failed, by where.")
  const authRefused = labelled(
    "tallystick_auth_refused",
    "reason",
    AUTH_REFUSALS,
    "Requests without the right to be.",
  )
  const connections = labelled(
    "tallystick_connections_refused",
    "limit",
    ["address", "all"],
    "Connections over a limit.",
  )
  const unrequested = labelled(
    "tallystick_unrequested",
    "reason",
    UNREQUESTED,
    "What came on a connection and was no request: not HTTP, a head too large or too slow, a TLS or HTTP/2 error.",
  )
  const requests = new Counter({
    name: "tallystick_http_requests",
    help: "Requests answered.",
    labelNames: ["route", "method", "status"],
    registers,
  })
  const fsync = histogram("tallystick_fsync_seconds", "Duration of the journal's fdatasync.", FSYNC_BUCKETS)
  const ack = histogram(
    "tallystick_ack_seconds",
    "From the last byte of a body to its acknowledgement.",
    ACK_BUCKETS,
  )

  const status = new Gauge({
    name: "audit_chain_verification_status",
    help: "1 the last verification found the ledger whole, 0 tampered with, -1 could not tell or has not run.",
    labelNames: ["log"],
    registers,
  })
  status.set({ log }, -1)
  const lastRun = new Gauge({
    name: "audit_chain_verification_last_run_timestamp_seconds",
    help: "When the last verification ended; 0 before the first.",
    labelNames: ["log"],
    registers,
  })
  lastRun.set({ log }, 0)

  const events = new EventCounts(seriesMax)
  registerEventCounts(events, registers)
  const lastEvents = new LastEvents(sources)
  registerLastEvents(lastEvents, registers)
  const watched = registerWatched(registers)
  let expiries = (): ReadonlyMap<string, number> => new Map()
  new Gauge({
    name: "tallystick_tls_certificate_expiry_timestamp_seconds",
    help: "When the first of the certificates in a file of tls expires, in seconds since 1970; without tls there is no series.",
    labelNames: ["file"],
    registers,
    collect() {
      this.reset()
      for (const [file, seconds] of expiries()) this.set({ file }, seconds)
    },
  })

  function histogram(name: string, help: string, buckets: number[]) {
    return new Histogram({ name, help, buckets, registers })
  }

  return {
    received(size) {
      bodies.inc()
      bytes.inc(size)
    },
    records(count) {
      received.inc(count)
      if (count === 0) empty.inc()
    },
    acked(count, seconds) {
      acked.inc(count)
      ack.observe(seconds)
    },
    quarantined: (code) => quarantined.inc({ code }),
    redacted(rules) {
      for (const rule of rules) redacted.inc({ rule })
    },
    duplicates: (count) => duplicate.inc(count),
    inserted(protocol, outcomes) {
      const counts = { event: 0, log: 0, quarantined: 0 }
      for (const { kept, quarantined: code } of outcomes) counts[code === undefined ? kept : "quarantined"]++
      for (const [outcome, count] of Object.entries(counts)) inserted.inc({ protocol, outcome }, count)
    },
    spoofed: () => spoofed.inc(),
    lost: () => lost.inc(),
    events(batch) {
      for (const event of batch) events.add(event)
    },
    lastEvent: (source, at) => lastEvents.set(source, at / PER_SECOND),
    fsync: (seconds) => fsync.observe(seconds),
    storageError: (tier) => storageErrors.inc({ tier }),
    verification(found, at) {
      status.set({ log }, found)
      lastRun.set({ log }, at / PER_SECOND)
    },
    request({ route, method, status: code }) {
      requests.inc({ route, method: METHODS.includes(method) ? method : OTHER, status: String(code) })
    },
    ...queryMetrics(registers),
    authRefused: (reason) => authRefused.inc({ reason }),
    connectionRefused: (limit) => connections.inc({ limit }),
    unrequested: (reason) => unrequested.inc({ reason }),
    watch: (gauge, read) => void watched.set(gauge, read),
    watchCertificates(read) {
      expiries = read
    },
    text: () => registry.metrics(),
    contentType: Registry.OPENMETRICS_CONTENT_TYPE,
  }
}

/** Queries by where they came in and what became of them. */
function queryMetrics(registers: Registers): Pick<Metrics, "queryBegan" | "queryEnded"> {
  const queries = new Counter({
    name: "tallystick_queries",
    help: "Queries answered: whole, partial (a limit cut the answer), refused, or left by the client.",
    labelNames: ["endpoint", "outcome"],
    registers,
  })
  const seconds = new Histogram({
    name: "tallystick_query_seconds",
    help: "From a query's arguments to the end of its answer; of a live tail, how long it lasted.",
    labelNames: ["endpoint"],
    buckets: QUERY_BUCKETS,
    registers,
  })
  const inFlight = new Gauge({
    name: "tallystick_in_flight_queries",
    help: "Queries and live tails that are being answered.",
    registers,
  })
  inFlight.set(0)
  for (const endpoint of QUERY_ENDPOINTS) {
    seconds.zero({ endpoint })
    for (const outcome of QUERY_OUTCOMES) queries.inc({ endpoint, outcome }, 0)
  }
  return {
    queryBegan: () => inFlight.inc(),
    queryEnded({ endpoint, outcome, seconds: lasted }) {
      inFlight.dec()
      queries.inc({ endpoint, outcome })
      seconds.observe({ endpoint }, lasted)
    },
  }
}

/** prom-client is asked only when somebody scrapes: its own label lookups cost a microsecond each. */
function registerEventCounts(events: EventCounts, registers: Registers): void {
  new Counter({
    name: "audit_events",
    help: "Audit events acknowledged. Names come from fixed sets; what finds no series is counted as __other__.",
    labelNames: ["verb", "resource", "code", "actor_kind"],
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of events.series()) this.inc(labels, count)
    },
  })
  new Counter({
    name: "audit_metrics_series_dropped",
    help: "Events counted as __other__ because metrics.seriesMax was reached.",
    registers,
    collect() {
      this.reset()
      this.inc(events.dropped)
    },
  })
}

/** Seconds of the newest event by source, bounded. */
class LastEvents {
  readonly #seconds = new Map<string, number>()

  constructor(sources: readonly string[]) {
    for (const source of sources) this.set(source, 0)
  }

  set(source: string, seconds: number): void {
    const known = this.#seconds.has(source) || this.#seconds.size < SOURCES_MAX
    const label = known ? source : OTHER
    this.#seconds.set(label, Math.max(seconds, this.#seconds.get(label) ?? 0))
  }

  entries(): Iterable<[string, number]> {
    return this.#seconds
  }
}

/** The name that rules for audit pipelines go by, and the one that Prometheus' conventions ask for. */
function registerLastEvents(lastEvents: LastEvents, registers: Registers): void {
  for (const name of ["audit_last_event_timestamp", "audit_last_event_timestamp_seconds"]) {
    new Gauge({
      name,
      help: "When the newest event of a source was acknowledged, in seconds since 1970; 0 before the first.",
      labelNames: ["source"],
      registers,
      collect() {
        for (const [source, seconds] of lastEvents.entries()) this.set({ source }, seconds)
      },
    })
  }
}

function registerWatched(registers: Registers): Map<WatchedGauge, () => number> {
  const watched = new Map<WatchedGauge, () => number>()
  for (const name of Object.keys(WATCHED_GAUGES) as WatchedGauge[]) {
    new Gauge({
      name,
      help: WATCHED_GAUGES[name],
      registers,
      collect() {
        this.set(watched.get(name)?.() ?? 0)
      },
    })
  }
  return watched
}
