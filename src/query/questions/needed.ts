/** Requests that a question is about, and the level at which their events must be recorded for it to answer. */
export type Needed = {
  /** "" is the core group, `*` any. */
  readonly group: string
  /** As policies write them (`pods`, `pods/exec`); `*` is any with all its subresources. */
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  /** Request where the query reads bodies: without them its rows or columns are empty. */
  readonly level: "Metadata" | "Request"
}

export const READS: readonly string[] = ["get", "list", "watch"]
export const WRITES: readonly string[] = ["create", "update", "patch", "delete", "deletecollection"]

/** What a question needs that is about a user, an address or an answer, whatever was asked. */
export const EVERYTHING: readonly Needed[] = [
  { group: "*", resources: ["*"], verbs: [...READS, ...WRITES], level: "Metadata" },
]

export const EVERY_CHANGE: readonly Needed[] = [
  { group: "*", resources: ["*"], verbs: WRITES, level: "Metadata" },
]
