import { openLocalSearch } from "../search/local.ts"
import type { World } from "./command.ts"
import { progress } from "./progress.ts"
import type { RemoteRow } from "./remote.ts"

/** Hours: this is no question somebody waits for at a dashboard. */
const TIMEOUT_MS = 6 * 3_600_000

/** Events of a ledger's directory, as rows with `raw`; the last one says `_partial` where the answer was cut. */
export async function* ledgerRows(dir: string, text: string, world: World): AsyncGenerator<RemoteRow, void> {
  const search = await openLocalSearch(dir)
  const bar = progress(world.stderr, { unit: "events", clock: world.clock, label: dir })
  let done = 0
  try {
    const limits = { rowsMax: Number.MAX_SAFE_INTEGER, timeoutMs: TIMEOUT_MS, unordered: true }
    const request = { text, now: world.clock(), ...limits }
    for await (const message of search.query(request, world.stop)) {
      if (message.kind === "rows") {
        yield* message.rows
        done += message.rows.length
        bar.update(done)
      } else if (message.partial !== undefined) yield { _partial: message.partial }
    }
  } finally {
    bar.done()
    await search.close()
  }
}
