import { type Certificates, expiriesOf, expiryOf, type Flaw, flawsOf } from "../api/certificate.ts"
import type { Metrics } from "../api/metrics.ts"
import type { Clock } from "../base/time.ts"
import type { Log } from "./log.ts"

/** How often the certificates in force are looked at. */
export const LOOK_MS = 10_000
/** What lasts is told again so often: each of these days somebody may be on duty who can renew it. */
const REMINDER_MICROS = 24 * 60 * 60 * 1_000_000

export type CertificateWatch = {
  /** Tells what is new, and once a day what lasts. */
  look(): void
  /** Tells everything again: somebody reloads, and wants to know. */
  lookAnew(): void
}

/**
 * Writes into the log what is wrong with a running server's certificates, and that others were taken over; the metrics say
 * when they expire.
 */
export function watchCertificates(watched: {
  /** Undefined: plain HTTP, nothing to look at. */
  readonly tls: { readonly certificates: Certificates } | undefined
  /** Where the server listens. */
  readonly address: string
  readonly log: Log
  readonly metrics: Pick<Metrics, "watchCertificates">
  readonly world: { readonly clock: Clock }
}): CertificateWatch {
  const { tls, address, log, metrics, world } = watched
  const told = new Map<string, number>()
  if (tls === undefined) return { look: () => undefined, lookAnew: () => undefined }
  let seen = tls.certificates
  metrics.watchCertificates(() => expiriesOf(tls.certificates))
  const look = (): void => {
    const now = world.clock()
    if (tls.certificates !== seen) {
      seen = tls.certificates
      told.clear()
      log.info("certificate.taken", { until: untilOf(seen) })
    }
    for (const flaw of flawsOf(seen, { address, now })) {
      const key = `${flaw.kind} ${flaw.saw.replaceAll(/\d+ days?/g, "")}`
      const last = told.get(key)
      if (last !== undefined && now - last < remindedEvery(flaw)) continue
      told.set(key, now)
      log.warn(`certificate.${flaw.kind}`, { option: flaw.option, message: flaw.saw, hint: flaw.fix })
    }
  }
  const lookAnew = (): void => {
    told.clear()
    look()
  }
  return { look, lookAnew }
}

/** Names do not become wrong by waiting. */
function remindedEvery({ kind }: Flaw): number {
  return kind === "nameless" || kind === "otherName" ? Number.POSITIVE_INFINITY : REMINDER_MICROS
}

function untilOf({ certificate }: Certificates): string {
  return new Date(expiryOf(certificate) * 1000).toISOString()
}
