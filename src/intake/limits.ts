import { Refusal } from "../base/refusal.ts"

/** Limits of what is taken from senders. The configuration's `intake.limits`. */
export type IntakeLimits = {
  /** Largest body after decompression. API servers send up to 400 events at once; with both bodies, tens of MiB. */
  readonly bodyBytesMax: number
  /** All bodies that are not durable yet, together. Shared as in-flight.ts says: one sender alone gets `sourcePercentMax`. */
  readonly inFlightBytesMax: number
  /** Share of `inFlightBytesMax` that one sender may hold while it is alone. */
  readonly sourcePercentMax: number
  /** Longest wait for a whole body. kube-apiserver itself gives up after 30 s. */
  readonly requestTimeoutMs: number
  /** Longest wait for a request's head. */
  readonly headTimeoutMs: number
  /** Longer than the 90 s after which Go clients close an idle connection, so that nobody writes into a closing one. */
  readonly idleTimeoutMs: number
  readonly connectionsMax: number
  /** An API server needs a handful. */
  readonly connectionsPerAddressMax: number
}

const SPARE_BYTES = 64 * 1024

export const DEFAULT_LIMITS: IntakeLimits = {
  bodyBytesMax: 64 * 1024 * 1024,
  inFlightBytesMax: 256 * 1024 * 1024,
  sourcePercentMax: 50,
  requestTimeoutMs: 60_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
  connectionsMax: 1024,
  connectionsPerAddressMax: 256,
}

/** Refuses limits under which a body of the allowed size would hear 503 for ever. */
export function checkLimits({ bodyBytesMax, inFlightBytesMax, sourcePercentMax }: IntakeLimits): void {
  const share = Math.floor((inFlightBytesMax * sourcePercentMax) / 100)
  // A body also pays for its request: see body.ts.
  if (bodyBytesMax + SPARE_BYTES <= share) return
  throw new Refusal(
    "intake.limits",
    `one body may have ${bodyBytesMax} bytes, but one sender may hold only ${share} (sourcePercentMax of inFlightBytesMax)`,
    { bodyBytesMax, inFlightBytesMax, sourcePercentMax },
  )
}
