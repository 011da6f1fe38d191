import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { pause } from "../base/loop.ts"
import type { Row } from "../query/row.ts"
import { openLocalSearch } from "../search/local.ts"
import type { QueryRequest } from "../search/message.ts"
import type { World } from "./command.ts"

/** Between two looks at the directory: what was acknowledged a second ago is shown. */
const LOOK_MS = 1_000
const LOOK_ROWS_MAX = 10_000
const LOOK_TIMEOUT_MS = 60_000

/**
 * Rows of a directory as a running server writes them, in the order in which they were received; lasts until `world.stop`.
 * Each look begins at the record behind the last one: nothing twice, nothing left out.
 */
export async function* tailLocal(
  dir: string,
  { query, backMicros }: { readonly query: string; readonly backMicros: number },
  world: World,
): AsyncGenerator<Row, void> {
  let after: string | undefined
  let seen: string | undefined
  while (!world.stop.aborted) {
    const state = stateOf(dir)
    if (state === seen) {
      await pause(LOOK_MS, world.stop)
      continue
    }
    const now = world.clock()
    const look: QueryRequest = {
      text: query,
      now,
      rowsMax: LOOK_ROWS_MAX,
      limit: LOOK_ROWS_MAX,
      timeoutMs: LOOK_TIMEOUT_MS,
      view: { kind: "tail" },
      // Behind the first look record numbers say what is new, not what `_time` an event claims.
      ...(after === undefined ? { start: now - backMicros } : {}),
      walk: { kind: "tail", ...(after === undefined ? {} : { after }) },
    }
    let rows = 0
    const search = await openLocalSearch(dir)
    try {
      for await (const message of search.query(look, world.stop)) {
        if (message.kind === "rows") {
          rows += message.rows.length
          yield* message.rows
          continue
        }
        after = message.next
        if (message.partial !== undefined) yield { _partial: message.partial }
      }
    } finally {
      await search.close()
    }
    // A look that was full has more to see at once, whatever the directory says.
    seen = rows < LOOK_ROWS_MAX ? state : undefined
  }
}

/** Changes whenever something was written to the journal. Undefined, which is never the same, where that cannot be told. */
function stateOf(dir: string): string | undefined {
  const journal = join(dir, "journal")
  try {
    const files = readdirSync(journal).sort()
    const last = files.at(-1)
    return last === undefined ? undefined : `${last} ${files.length} ${statSync(join(journal, last)).size}`
  } catch {
    return undefined
  }
}
