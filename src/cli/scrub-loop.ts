import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import type { Metrics } from "../api/metrics.ts"
import { every, pause } from "../base/loop.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { Clock } from "../base/time.ts"
import { checkpointOf } from "../seal/remember.ts"
import { NO_EVENT, type Verdict } from "../seal/verdict.ts"
import type { ConfigType } from "./config.ts"
import type { Log } from "./log.ts"
import type { ScrubAnswer, ScrubAsked } from "./scrub-child.ts"

export type Scrubbing = {
  readonly config: ConfigType
  /** Verifier keys of this ledger, from the configuration. */
  readonly keys: readonly string[]
  /** The signed checkpoint that is remembered of this ledger outside it. */
  readonly remembered: () => string | undefined
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  readonly onTrouble: (trouble: unknown) => void
  /** Makes the result a record. */
  readonly tell: (what: string, facts: Readonly<Record<string, string>>) => Promise<void>
}

const HOUR_MICROS = 3_600_000_000
/** Damages named in the log; all of them are in what `tallystick verify` prints. */
const NAMED_MAX = 8
/** Ctrl-C ends a child that has no group of its own yet, and reaches this process some turns later. */
const SIGNAL_MS = 1_000
const STATUS = { fine: 1, tampered: 0, unknown: -1 } as const

/**
 * The ledger reads itself again: everything at the start and so often as configured, what is new more often. In a process of
 * its own that gives way to all others: reading everything again must not delay one acknowledgement.
 */
export async function scrubLoop(scrubbing: Scrubbing, stop: AbortSignal): Promise<void> {
  const { config, clock, onTrouble } = scrubbing
  const asked = { dir: config.dir, keys: scrubbing.keys }
  let child: ChildProcess | undefined
  let fullAt = Number.NEGATIVE_INFINITY
  const end = (): void => void child?.kill("SIGKILL") // it only reads
  stop.addEventListener("abort", end)
  await every(config.scrub.intervalMinutes * 60_000, stop, async () => {
    const now = clock()
    const full = now - fullAt >= config.scrub.fullHours * HOUR_MICROS
    if (child?.connected !== true) child = openChild()
    try {
      const verdict = await ask(child, { ...asked, remembered: readable(scrubbing.remembered()), full, now })
      if (full) fullAt = now
      await report(scrubbing, verdict, full)
    } catch (error) {
      child.kill()
      await pause(SIGNAL_MS, stop)
      if (!stop.aborted) onTrouble(error)
    }
  })
}

/** A memory that is none is replaced by the next that is kept. */
function readable(signed: string | undefined): string | undefined {
  try {
    if (signed !== undefined) checkpointOf(signed)
    return signed
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

function openChild(): ChildProcess {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."))
  const child = fork(new URL(`./scrub-child${extension}`, import.meta.url), {
    serialization: "advanced",
    detached: true, // as the search process: Ctrl-C is for this side alone
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  child.on("error", () => undefined) // whoever asks hears the first; a second one would end the server
  return child
}

async function ask(child: ChildProcess, asked: ScrubAsked): Promise<Verdict> {
  // The child stays for many questions; listeners of earlier ones must not.
  const listening = new AbortController()
  const { signal } = listening
  const gone = once(child, "exit", { signal }).then(() => ({ failed: "its process ended" }))
  const answered = once(child, "message", { signal }).then(([message]) => message as ScrubAnswer)
  child.send(asked)
  const answer = await Promise.race([answered, gone]).finally(() => listening.abort())
  if ("verdict" in answer) return answer.verdict
  throw new Refusal("seal.unverified", `the ledger could not be verified: ${answer.failed}`)
}

async function report(
  { metrics, log, clock, tell }: Scrubbing,
  verdict: Verdict,
  full: boolean,
): Promise<void> {
  const { answer, blocks, records, damages, doubts } = verdict
  metrics.verification(STATUS[answer], clock())
  const named = damages
    .slice(0, NAMED_MAX)
    .map(({ thing, cause, first, last, path }) =>
      `${thing} ${cause} ${first ?? ""}-${last ?? ""} ${path ?? ""}`.trim(),
    )
  const facts = { answer, full, blocks, records, damages: damages.length }
  if (answer === "tampered") log.error("ledger.tampered", { ...facts, named })
  // As a new one is: there is nothing for anybody to do.
  else if (answer === "unknown" && doubts.every((doubt) => doubt === NO_EVENT))
    log.info("ledger.empty", facts)
  else if (answer === "unknown") log.warn("ledger.unverified", { ...facts, doubts: [...doubts] })
  else log.info("ledger.verified", facts)
  await tell(
    "verified",
    Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)])),
  )
}
