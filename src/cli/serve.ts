import { join } from "node:path"
import { countAcked } from "../api/count-acked.ts"
import { CredentialTable } from "../api/credentials.ts"
import type { ApiDeps, Asked, Health } from "../api/deps.ts"
import { createMetrics, type Metrics } from "../api/metrics.ts"
import { createApi } from "../api/server.ts"
import { TlsFiles } from "../api/tls.ts"
import { aborted, every, pause, together } from "../base/loop.ts"
import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { NewRecord } from "../event/record.ts"
import { deliveredIn } from "../intake/file-sent.ts"
import { openFileTail } from "../intake/file-tail.ts"
import { DEFAULT_LIMITS } from "../intake/limits.ts"
import type { Deliver } from "../intake/source.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { did, importDone } from "../seal/control.ts"
import type { OpenLedger } from "../seal/ledger.ts"
import { madeSegments } from "../seal/made-segments.ts"
import { openRemembered, rememberedFolder } from "../seal/remember.ts"
import { openSearch, type SearchProcess } from "../search/process.ts"
import { LOOK_MS, watchCertificates } from "./certificate-watch.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { withPortHolder } from "./doctor/port-holder.ts"
import { driftLoop, type DriftWatch } from "./drift-loop.ts"
import { sealHealth, searchHealth, watchIntake } from "./health.ts"
import type { Log } from "./log.ts"
import { fileLossRecord, webhookLossRecord } from "./loss-record.ts"
import { openLedgerKey, openWithRoom, verifierKeyOf } from "./open-ledger.ts"
import { DISMISSED } from "./quarantined.ts"
import { openPace, type Pace } from "./pace.ts"
import { hangupsOf, type OnHangup } from "./hangups.ts"
import { readText } from "./read.ts"
import { openRedaction, redactionNamesOf } from "./redaction-key.ts"
import { type Live, type LiveRedaction, liveRedaction } from "./reload.ts"
import { rereader } from "./rereader.ts"
import { scrubLoop } from "./scrub-loop.ts"
import { tellServed } from "./served.ts"
import { segmentRecorder } from "./segment-recorder.ts"
import { ownersOf } from "./source-owners.ts"
import { tierOf } from "./storage-tier.ts"
import { troubleLog } from "./trouble-log.ts"
import { VERSION } from "./version.ts"

/** A record of every source's count is due so often, also when nothing comes. */
const HEARTBEAT_MS = 60_000
/** How long the record of a start may take before the doors open all the same, and its wait for room. */
const TOLD_MS_MAX = 1_000
/** Longest wait of a question for a search process that is starting. */
const STARTING_MS_MAX = 10_000
/** Text of a query kept in the record that it was asked. */
const QUERY_LENGTH_MAX = 4_096

export type Serving = {
  readonly config: ConfigType
  /** Reads the configuration again; refuses as at the start. */
  readonly load: () => Promise<ConfigType>
  readonly world: World
  readonly log: Log
  /** Told where it listens, once it does. */
  readonly announce: (urls: readonly string[]) => void
}

/** The parts of a running ledger. */
type Parts = Serving & {
  readonly ledger: OpenLedger
  readonly onHangup: OnHangup
  readonly metrics: Metrics
  readonly search: SearchProcess
  readonly redaction: LiveRedaction | undefined
  readonly deliver: Deliver
  readonly pace: Pace
  readonly health: () => readonly Health[]
  /** Tells the search process how far the journal and the log are. */
  readonly inform: () => void
}

/**
 * The whole ledger, in the order the bytes travel. Lasts until `world.stop` aborts; then takes nothing more, drains what
 * was taken, seals it, and resolves. Rejects when a part fails that the rest cannot do without.
 */
export async function serve(serving: Serving): Promise<void> {
  const { config, world, log } = serving
  const onHangup = hangupsOf(world)
  const credentials = await CredentialTable.open(config.credentials, readText)
  const tls = config.tls && (await TlsFiles.open(config.tls, readText))
  const followed = config.intake.files.map(({ source }) => source)
  const metrics = createMetrics({
    log: openLedgerKey(config).name,
    seriesMax: config.metrics.seriesMax,
    sources: [...credentials.sources, ...followed],
    redactionRules: redactionNamesOf(config),
  })
  const redaction = await openRedaction(config, metrics.redacted)
  const fatal = new AbortController()
  const stop = AbortSignal.any([world.stop, fatal.signal])
  let failure: unknown
  let inform = (): void => undefined
  const { onTrouble, onSealed } = ears(serving, metrics)
  const ledger = await openWithRoom(config, world, {
    owners: ownersOf(credentials, followed),
    onSync: metrics.fsync,
    onTrouble,
    onSealed() {
      onSealed()
      inform()
    },
    onFatal(error) {
      failure ??= error
      fatal.abort()
    },
  })
  // First what a crash left unsealed: the record of a segment may be in it.
  await ledger.sealer.sealOnce()
  // Asked while the search process starts: both take half a second where there are 10,000 segments.
  const made = madeSegments(config.dir, ledger.sealer.sealed.records)
  const search = startSearch({ config, log, ledger, made, onTrouble, stop })
  inform = () => search.inform({ position: ledger.journal.position(), blocks: ledger.sealer.unsegmented() })
  const pace = openPace(ledger, config.seal, stop)
  const intake = watchIntake(pace.deliver, log)
  const parts: Parts = {
    ...serving,
    ledger,
    onHangup,
    metrics,
    search,
    redaction: redaction && liveRedaction(redaction),
    deliver: intake.deliver,
    pace,
    inform,
    health: () => [intake.health(), sealHealth(ledger), searchHealth(search)],
  }
  watchGauges(parts)
  try {
    const rebuilt = await made
    if (rebuilt !== undefined) log.warn("catalogue.rebuilt", { segments: rebuilt.length })
    await run(parts, { credentials, tls, onTrouble }, stop)
    if (failure !== undefined) throw failure
  } finally {
    await search.close()
    await ledger.close()
  }
}

/** What the parts say of themselves while they run, for the log and the metrics. */
function ears(
  { log, world }: Serving,
  metrics: Metrics,
): { readonly onTrouble: (trouble: unknown) => void; readonly onSealed: () => void } {
  const tellTrouble = troubleLog(log, () => performance.now())
  let unsealedTold = false
  let sealedAt = world.clock()
  metrics.watch("tallystick_checkpoint_age_seconds", () => (world.clock() - sealedAt) / 1e6)
  return {
    onTrouble(trouble) {
      tellTrouble(trouble)
      unsealedTold ||= isRefusal(trouble, "seal.unavailable")
      const tier = tierOf(trouble)
      if (tier !== undefined) metrics.storageError(tier)
    },
    onSealed() {
      sealedAt = world.clock()
      if (unsealedTold) log.info("seal.resumed")
      unsealedTold = false
    },
  }
}

function startSearch({
  config,
  log,
  ledger,
  made,
  onTrouble,
  stop,
}: Pick<Parts, "config" | "log" | "ledger"> &
  Pick<Doors, "onTrouble"> & {
    readonly made: ReturnType<typeof madeSegments>
    readonly stop: AbortSignal
  }): SearchProcess {
  return openSearch({
    dir: config.dir,
    limits: {
      memoryMax: config.search.memoryBytesMax / 2,
      residentMax: config.search.memoryBytesMax * 2,
      queriesMax: config.search.queriesMax,
      segmentRecords: config.segments.recordsMin,
      segmentWaitMs: config.segments.waitMinutes * 60_000,
    },
    made: () => made,
    onSegment: segmentRecorder(ledger, stop, onTrouble),
    heldByJournal: () => ledger.journal.held(),
    onLeftovers: (names) =>
      log.info("segments.leftovers", { removed: names.length, names: names.slice(0, 10) }),
    onTrouble,
  })
}

type Doors = {
  readonly credentials: CredentialTable
  readonly tls: TlsFiles | undefined
  readonly onTrouble: (trouble: unknown) => void
}

async function run(parts: Parts, doors: Doors, stop: AbortSignal): Promise<void> {
  const { config, ledger, log, announce } = parts
  const started = tellPatiently(parts, "serve.started", { version: VERSION, dir: config.dir }, stop)
  await Promise.race([started, pause(TOLD_MS_MAX, stop)])
  const { inform, redaction } = parts
  const live: Live = { config, log, redaction, credentials: doors.credentials }
  const api = await createApi(apiDeps(parts, doors, inform, live))
  const urls = await api.listen().catch(async (error: unknown) => {
    throw await withPortHolder(error, config.listen.port)
  })
  log.info("listening", { urls })
  const untell = tellServed(config.dir, { pid: process.pid, urls })
  announce(urls)
  const certificates = watchCertificates({ ...parts, tls: doors.tls, address: config.listen.address })
  parts.onHangup(
    rereader({
      ...parts,
      live,
      async reloadFiles() {
        await api.reload()
        certificates.lookAnew()
      },
      tell: (what, facts) => tell(parts, what, facts),
    }),
  )
  try {
    await together(stop, (stop) => [
      started,
      aborted(stop).then(() => api.close()), // answers what is under way, and takes nothing new
      followFiles(parts, doors.onTrouble, stop),
      every(
        config.seal.intervalMs,
        stop,
        async () => {
          await parts.pace.seal()
          inform()
        },
        parts.pace.blockIsFull,
      ),
      every(LOOK_MS, stop, async () => certificates.look()),
      every(HEARTBEAT_MS, stop, () => ledger.heartbeat().catch(doors.onTrouble)),
      driftLoop(driftWatch(parts, inform, doors.onTrouble, stop), stop),
      scrubLoop(
        {
          ...parts,
          keys: [verifierKeyOf(config)],
          remembered: () => openRemembered(rememberedFolder(parts.world.env)).read(ledger.origin),
          clock: parts.world.clock,
          onTrouble: doors.onTrouble,
          tell: (what, facts) => tell(parts, what, facts),
        },
        stop,
      ),
    ])
  } finally {
    untell()
    await tell(parts, "serve.stopped", {}).catch(doors.onTrouble)
    await ledger.sealer.sealOnce()
    log.info("stopped", { records: ledger.sealer.sealed.records, blocks: ledger.sealer.sealed.blocks })
  }
}

const DRIFT_TIMEOUT_MS = 60_000

/** What the drift check may do: ask what is acknowledged, and tell. */
function driftWatch(
  parts: Parts,
  inform: () => void,
  onTrouble: (trouble: unknown) => void,
  stop: AbortSignal,
): DriftWatch {
  const { config, metrics, log, ledger, search, world } = parts
  return {
    ...{ config, metrics, log, onTrouble, clock: world.clock, next: () => ledger.journal.next },
    keep: (records) => keep(parts, records),
    tell: (what, facts) => tell(parts, what, facts),
    async *ask(text, rowsMax) {
      await Promise.race([search.ready(), pause(STARTING_MS_MAX, stop)])
      inform()
      yield* search.query({ text, now: world.clock(), rowsMax, timeoutMs: DRIFT_TIMEOUT_MS }, stop)
    },
  }
}

function apiDeps(
  parts: Parts,
  { credentials, tls, onTrouble }: Doors,
  inform: () => void,
  live: Live,
): ApiDeps {
  const { config, ledger, metrics, search, world } = parts
  const { connectionsMax, connectionsPerAddressMax } = config.listen
  async function ready(stop: AbortSignal): Promise<void> {
    // A search process that is starting takes a second; whoever asks meanwhile would only ask again.
    if (search.state === "starting") await Promise.race([search.ready(), pause(STARTING_MS_MAX, stop)])
    inform() // what is acknowledged when the question comes is part of its answer
  }
  return {
    listen: config.listen,
    tls,
    credentials,
    anonymousSource: config.intake.anonymousSource,
    deliver: parts.deliver,
    redactor: parts.redaction,
    limits: { ...DEFAULT_LIMITS, ...config.intake.limits, connectionsMax, connectionsPerAddressMax },
    search: {
      async *query(request, stop) {
        await ready(stop)
        yield* search.query(request, stop)
      },
      async *file(request, stop) {
        await ready(stop)
        yield* search.file(request, stop)
      },
    },
    searchLimits: {
      get rowsMax() {
        return live.config.search.rowsMax
      },
      get timeoutMs() {
        return live.config.search.timeoutMs
      },
    },
    log: ledger.sealer,
    health: parts.health,
    metrics,
    clock: world.clock,
    onLoss: (lost) => void keep(parts, [webhookLossRecord(lost, ledger.journal.next)]).catch(onTrouble),
    onImported: (done) => keep(parts, [controlRecord(importDone.format(done))]),
    onDismissed: (facts) => tell(parts, DISMISSED, facts),
    onTrouble,
    onQuery: (asked) => void tell(parts, "query", factsOf(asked)).catch(onTrouble),
  }
}

function factsOf({ by, endpoint, text, rows, outcome, seconds }: Asked): Readonly<Record<string, string>> {
  const asked = text.length > QUERY_LENGTH_MAX ? `${text.slice(0, QUERY_LENGTH_MAX)}…` : text
  return {
    by,
    endpoint,
    text: asked.toWellFormed(),
    rows: String(rows),
    outcome,
    seconds: seconds.toFixed(3),
  }
}

async function followFiles(
  parts: Parts,
  onTrouble: (trouble: Refusal) => void,
  stop: AbortSignal,
): Promise<void> {
  const { config, ledger, world, metrics } = parts
  if (config.intake.files.length === 0) return
  const tail = await openFileTail({
    files: config.intake.files,
    positionsPath: join(config.dir, "intake", "positions.json"),
    delivered: deliveredIn(ledger.journal),
    redactor: parts.redaction,
    clock: world.clock,
    pause,
    onLoss: (lost) => keep(parts, [fileLossRecord(lost, ledger.journal.next)]),
    onTrouble,
    onAcked: (acked) => countAcked(metrics, world.clock(), acked),
  })
  await tail.run(parts.deliver, stop)
}

/** What Tallystick does is a record too, without power over the ledger. */
async function tell(parts: Parts, what: string, facts: Readonly<Record<string, string>>): Promise<void> {
  await keep(parts, [controlRecord(did.format({ what, facts: Object.entries(facts) }))])
}

/** The same, where a full disk may take it later only. */
async function tellPatiently(
  parts: Parts,
  what: string,
  facts: Readonly<Record<string, string>>,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      return await tell(parts, what, facts)
    } catch (error) {
      if (!isRefusal(error, "journal.unavailable")) throw error
      await pause(TOLD_MS_MAX, stop)
    }
  }
}

async function keep({ ledger }: Parts, records: readonly NewRecord[]): Promise<void> {
  await ledger.journal.appendControl(records)
}

function watchGauges({ ledger, metrics, search }: Parts): void {
  const { journal, sealer } = ledger
  const unsegmented = () => sealer.unsegmented().reduce((sum, { count }) => sum + count, 0)
  metrics.watch("tallystick_journal_queue_bytes", () => journal.waitingBytes)
  metrics.watch("tallystick_unsealed_records", () => journal.next - sealer.sealed.records)
  metrics.watch("tallystick_unsegmented_records", unsegmented)
  metrics.watch("tallystick_search_up", () => (search.state === "ready" ? 1 : 0))
}
