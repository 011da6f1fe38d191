import { defaultOf, isOn } from "./audit-flags.ts"
import { type AuditFlags, flagValue } from "./server-flags.ts"

/** What recording costs each kube-apiserver, beside what it costs to keep. Events and bytes are averages over the traffic. */
export type ServerCost = {
  readonly servers: number
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  /** An event is in memory from the request's first stage to its last, with the bodies its level keeps. */
  readonly bytesPerEvent: number
  /** What the webhook can send and what it may hold; absent in the blocking modes, which hold nothing. */
  readonly webhook?: {
    readonly eventsPerSecondMax: number
    readonly bufferEvents: number
    readonly bufferBytes: number
    /** Until a full buffer loses events while nobody receives. */
    readonly bufferSeconds: number
  }
  /** How far back the local log reaches; absent where nothing bounds it. */
  readonly log?: { readonly bytes: number; readonly seconds: number }
}

const MB = 1024 * 1024

/** Whatever the flags do not say is as the server has it by default. Traffic of several servers is shared by them evenly. */
export function serverCost(
  traffic: { readonly events: number; readonly bytes: number; readonly seconds: number },
  { flags, servers, minor }: { readonly flags: AuditFlags; readonly servers: number; readonly minor: number },
): ServerCost | undefined {
  const { events, bytes, seconds } = traffic
  if (seconds <= 0 || events === 0) return undefined
  const value = (name: string): string => flagValue(flags, name) ?? defaultOf(name, minor) ?? ""
  const [eventsPerSecond, bytesPerSecond] = [events / seconds / servers, bytes / seconds / servers]
  const bytesPerEvent = bytes / events
  const bufferEvents = Number(value("audit-webhook-batch-buffer-size"))
  const isThrottled = isOn(value("audit-webhook-batch-throttle-enable"))
  const qps = isThrottled ? Number(value("audit-webhook-batch-throttle-qps")) : Number.POSITIVE_INFINITY
  const files = Number(value("audit-log-maxbackup"))
  const logBytes = files > 0 ? Number(value("audit-log-maxsize")) * MB * (files + 1) : 0
  return {
    ...{ servers, eventsPerSecond, bytesPerSecond, bytesPerEvent },
    ...(value("audit-webhook-mode") !== "batch"
      ? {}
      : {
          webhook: {
            eventsPerSecondMax: qps * Number(value("audit-webhook-batch-max-size")),
            ...{ bufferEvents, bufferBytes: bufferEvents * bytesPerEvent },
            bufferSeconds: bufferEvents / eventsPerSecond,
          },
        }),
    ...(logBytes > 0 ? { log: { bytes: logBytes, seconds: logBytes / bytesPerSecond } } : {}),
  }
}
