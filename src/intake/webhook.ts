import { isRefusal, type Refusal } from "../base/refusal.ts"
import { type Batch, type Reception, type Redaction, toBatch, toLogRecord } from "./receive.ts"
import type { Deliver } from "./source.ts"
import { type Post, type TakeBody, takeBody } from "./take-body.ts"

export type WebhookDeps = TakeBody & {
  readonly deliver: Deliver
  readonly redactor: Redaction | undefined
  /** Told of every batch when it is durable: the place to count. */
  readonly onAcked?: (acked: Acked) => void
}

export type Acked = Batch & {
  readonly source: string
  /** From the last byte to durable. */
  readonly seconds: number
}

/**
 * Takes what kube-apiserver's audit webhook posts. Resolving promises durability: the route answers 200 after it, and
 * only then. Any refusal makes the API server try again, five times in all, and then drop the whole batch
 * (spec: kubernetes plugin/pkg/audit/webhook), so an event that cannot be understood is kept, not refused.
 * A refusal with status 503 or 413 comes after the body was read to its end, or as far as limits go.
 */
export function auditWebhook(deps: WebhookDeps): (post: Post) => Promise<void> {
  return (post) => takeBody(deps, post, (body) => keep(deps, post.source, body))
}

/** A body that is not JSON is kept first and refused then: its sender must not believe that it was understood. */
async function keep(
  { deliver, redactor, onAcked }: WebhookDeps,
  source: string,
  body: Uint8Array,
): Promise<void> {
  const began = performance.now()
  const { records, events, refusal } = receive(body, { source, redactor })
  if (records.length > 0) await deliver(records)
  onAcked?.({ source, records, events, seconds: (performance.now() - began) / 1000 })
  if (refusal !== undefined) throw refusal
}

function receive(body: Uint8Array, reception: Reception): Batch & { readonly refusal?: Refusal } {
  try {
    return toBatch(body, reception)
  } catch (refusal) {
    if (!isRefusal(refusal, "event.notJson")) throw refusal
    // Nothing at all is not worth a record.
    return { records: body.length === 0 ? [] : [toLogRecord(body, reception)], events: [], refusal }
  }
}
