import type { View } from "../query/view.ts"
import { openLocalSearch } from "../search/local.ts"
import type { World } from "./command.ts"
import type { RemoteRow } from "./remote.ts"

const ROWS_MAX = 10_000
const TIMEOUT_MS = 60_000

/** Rows of a query over a ledger's directory, as {@link RemoteRow}s of its server would be. */
export async function* queryLocal(
  dir: string,
  text: string,
  world: World,
  rowsMax = ROWS_MAX,
  view?: View,
): AsyncGenerator<RemoteRow, void> {
  const search = await openLocalSearch(dir)
  try {
    const bounds = { now: world.clock(), rowsMax, timeoutMs: TIMEOUT_MS }
    const request = { text, ...bounds, ...(view === undefined ? {} : { view }) }
    for await (const message of search.query(request, world.stop)) {
      if (message.kind === "rows") yield* message.rows
      else if (message.partial !== undefined) yield { _partial: message.partial }
    }
  } finally {
    await search.close()
  }
}
