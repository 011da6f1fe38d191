import type { Columns } from "../query/column.ts"
import type { Row } from "../query/row.ts"
import { type Sql, trusted } from "../query/sql.ts"
import type { GroupSink, Sink } from "../query/tree.ts"
import type { Choose } from "./lots.ts"
import type { Output } from "./output.ts"
import type { Progress } from "./progress.ts"
import type { Remembered } from "./remembered.ts"
import type { Source } from "./snapshot.ts"
import type { Statements } from "./statements.ts"
import type { Statistics } from "./statistics.ts"
import type { Walking } from "./walk.ts"

/** What is to be read, and where the rows go: what all ways of reading have in common. */
export type Scan = {
  /** Newest first; to be looked at by `choose` before they are read. */
  readonly sources: readonly Source[]
  readonly choose: Choose
  readonly statements: Statements
  readonly columns: Columns
  /** Of groupings that are worth it: see `KnownGrouping`. */
  readonly remembered: Remembered
  readonly statistics: Statistics
  readonly head: Sink | GroupSink
  readonly out: Output
  readonly progress: Progress
  readonly walking: Walking | undefined
  /** Takes the bodies instead of rows. */
  readonly bodies: TakeBody | undefined
  /** The answer is not whole, and why. */
  cut(reason: string): void
}

/** One body as it was received; good only now. What comes back resolves when more may come; undefined is at once. */
export type TakeBody = (body: Uint8Array) => Promise<void> | undefined

/** A row on its way through the pipes. False when they want no more. */
export function takeRow({ walking, head }: Scan, row: Row): boolean {
  walking?.pass(row)
  return (head as Sink).take(row)
}

export function byTime(direction: "ASC" | "DESC"): Sql {
  return trusted(`ORDER BY "_time" ${direction}, "record" ${direction}`)
}
