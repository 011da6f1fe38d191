/** Which promise the API server makes about events while requests run (docs/CONNECT.md). */
export const MODES = ["batch", "blocking", "blocking-strict"] as const
export type Mode = (typeof MODES)[number]

/** What each mode costs and loses, in words for people. */
export const MODE_EFFECT: Readonly<Record<Mode, string>> = {
  batch:
    "requests never wait; events are lost when the buffer is full, when five attempts to send have failed, and when the server is killed",
  blocking:
    "each event is sent alone while its request waits (minutes when the receiver is down); nothing is buffered, a failed event is lost and its request goes on",
  "blocking-strict":
    "as blocking, and a request whose first event (RequestReceived) cannot be sent is refused with 500; without that stage in the policy nothing is refused",
}

/** kube-apiserver's own, batches per second. */
const QPS = 10
/** The ceiling is twice the rate: bursts are, and what waited after an outage must go too. */
const HEADROOM = 2
/**
 * Events of one POST: 300 events of 100 KiB, where truncation cuts, are 29.3 MiB. A ledger takes 64 MiB by default; somebody
 * may have lowered that, or put a proxy before it.
 */
const BATCH_MAX = 300
/** Below this, many small requests cost more than waiting saves. */
const BATCH_MIN = 100
/** Seconds of events kept while the receiver is away. Five attempts take 97 s and more; memory is what limits. */
const BUFFER_SECONDS = 60
const BUFFER_MIN = 10_000
/** About 400 MB at 4 KB an event. */
const BUFFER_MAX = 100_000
export const RATE_DEFAULT = 500
export const RATE_MAX = 50_000
const EVENT_BYTES_MAX = 102_400

/** Flags for so many events per second. Only mode batch has a throughput to plan. */
export function webhookFlags(mode: Mode, ratePerSecond: number): Readonly<Record<string, string>> {
  const truncation = {
    "audit-webhook-truncate-enabled": "true",
    "audit-webhook-truncate-max-event-size": String(EVENT_BYTES_MAX),
  }
  if (mode !== "batch") return { "audit-webhook-mode": mode, ...truncation }
  const wanted = ratePerSecond * HEADROOM
  const batch = Math.min(BATCH_MAX, Math.max(BATCH_MIN, Math.ceil(wanted / QPS)))
  const qps = Math.max(QPS, Math.ceil(wanted / batch))
  const buffer = Math.min(BUFFER_MAX, Math.max(BUFFER_MIN, ratePerSecond * BUFFER_SECONDS))
  return {
    "audit-webhook-mode": mode,
    "audit-webhook-batch-max-size": String(batch),
    "audit-webhook-batch-max-wait": "1s",
    "audit-webhook-batch-throttle-qps": String(qps),
    "audit-webhook-batch-throttle-burst": String(Math.ceil(qps * 1.5)),
    "audit-webhook-batch-buffer-size": String(buffer),
    ...truncation,
  }
}
