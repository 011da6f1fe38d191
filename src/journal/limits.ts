import type { SourceLimits } from "./known-sources.ts"

export type JournalLimits = {
  /** A file takes no further group from this size on. */
  readonly fileBytes: number
  /** Requests wait for a further group where one would pass this. A request alone may. */
  readonly groupBytesMax: number
  /** Bytes that wait for the disk; above it senders are told to come again. */
  readonly queueBytesMax: number
  /** Newest records in memory, for sealing. */
  readonly recentBytesMax: number
  /** Share of the disk in use from which only the ledger's own records are taken. */
  readonly usedShareMax: number
} & SourceLimits

/** Where the configuration says nothing else. */
export const JOURNAL_LIMITS: JournalLimits = {
  fileBytes: 64 * 1024 * 1024,
  groupBytesMax: 16 * 1024 * 1024,
  queueBytesMax: 64 * 1024 * 1024,
  recentBytesMax: 48 * 1024 * 1024,
  usedShareMax: 0.95,
  sourcesMax: 4096,
  clusterSourcesMax: 1024,
}
