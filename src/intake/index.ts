/**
 * How events get in: bytes of strangers on one side, records handed to {@link Deliver} on the other.
 *
 * Promises: a source says "received" only after `deliver` resolved; the exact bytes of every event are kept, after
 * redaction and before anything else; what cannot be understood is kept too, marked quarantined; a batch is delivered
 * whole or not at all. Every body, queue and wait has a limit with a name (limits.ts).
 *
 *     const receive = auditWebhook({ deliver, redactor, inFlight: new InFlight(256 << 20), limits: DEFAULT_LIMITS })
 *     await receive({ sender: "prod", source: "prod-1", stream: request, encoding: undefined, length: undefined })
 *
 * Needs: somebody who knows who is sending (api/), a journal behind `deliver`. Redaction comes as a function and a key.
 */
export { type BodyRules, type Incoming, readBody } from "./body.ts"
export { type FileTail, type FileTailDeps, openFileTail, type TailedFile } from "./file-tail.ts"
export { type Imported, type ImportSpec, importRecords, isImportId, newImportId } from "./import.ts"
export { type Hold, InFlight } from "./in-flight.ts"
export { checkLimits, DEFAULT_LIMITS, type IntakeLimits } from "./limits.ts"
export { checkSource, narrowSource } from "./narrow.ts"
export {
  type Batch,
  originalDigest,
  type Reception,
  type Redaction,
  toBatch,
  toBatchOrLog,
  toLogRecord,
} from "./receive.ts"
export type { Deliver, Delivered, Source } from "./source.ts"
export { type Loss, type Post, type TakeBody, takeBody } from "./take-body.ts"
export { type Acked, auditWebhook, type WebhookDeps } from "./webhook.ts"
