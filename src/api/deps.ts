import type { Clock } from "../base/time.ts"
import type { ImportDone } from "../intake/import-request.ts"
import type { IntakeLimits } from "../intake/limits.ts"
import type { Redaction } from "../intake/receive.ts"
import type { Deliver } from "../intake/source.ts"
import type { Loss } from "../intake/take-body.ts"
import type { FileMessage, FileRequest, QueryMessage, QueryRequest } from "../search/message.ts"
import type { CredentialTable } from "./credentials.ts"
import type { QueryEndpoint, QueryOutcome } from "./endpoints.ts"
import type { Metrics } from "./metrics.ts"
import type { TlsFiles } from "./tls.ts"

/** Everything the HTTP side needs of the rest; `cli/serve.ts` puts it together. */
export type ApiDeps = {
  readonly listen: { readonly address: string; readonly port: number; readonly insecure: boolean }
  /** Undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined
  readonly credentials: CredentialTable
  /** `intake.anonymousSource`: where posts to plain `/audit` go while there are no credentials. */
  readonly anonymousSource: string
  readonly deliver: Deliver
  /** Its `onRedacted` is told of what every door takes out. */
  readonly redactor: Redaction | undefined
  readonly limits: IntakeLimits
  readonly search: Searcher
  readonly searchLimits: { readonly rowsMax: number; readonly timeoutMs: number }
  readonly log: PublishedLog
  /** How each part is, asked at every /readyz. Cheap. */
  readonly health: () => readonly Health[]
  readonly metrics: Metrics
  readonly clock: Clock
  /** Certificate and secret files are looked at so often. */
  readonly reloadIntervalMs?: number
  /** Events that were refused for good and have to become a `loss` record. */
  readonly onLoss: (loss: Loss) => void
  /** A file was imported: makes its control record, and resolves when that is durable. */
  readonly onImported: (done: ImportDone) => Promise<void>
  /** A quarantined record needs no answer: resolves when a record says so. */
  readonly onDismissed: (facts: {
    readonly record: string
    readonly by: string
    readonly why: string
  }) => Promise<void>
  /** Something for the log that no client is told: a bug, a certificate that does not fit, a search that broke. */
  readonly onTrouble: (trouble: unknown) => void
  /** A query was asked: reading is an act too. */
  readonly onQuery?: (asked: Asked) => void
}

/** A part that is `down` takes the whole out of rotation (503); a `degraded` one is only named. */
export type Health = {
  /** journal, search, seal, … */
  readonly part: string
  readonly state: "ok" | "degraded" | "down"
  /** For strangers: no paths, no secrets. */
  readonly reason?: string
}

/** What of the sealer the outside may see. */
export type PublishedLog = {
  readonly sealed: { readonly checkpoint: string }
  readTile(path: string): Promise<Uint8Array | undefined>
}

/** The search process as seen from a route. */
export type Searcher = {
  query(request: QueryRequest, stop: AbortSignal): AsyncIterable<QueryMessage>
  file(request: FileRequest, stop: AbortSignal): AsyncIterable<FileMessage>
}

export type Asked = {
  readonly endpoint: QueryEndpoint
  /** Name of the credential. */
  readonly by: string
  readonly text: string
  readonly rows: number
  /** `began`: a live tail, of which more is told when it ends. */
  readonly outcome: QueryOutcome | "began"
  readonly seconds: number
}
