import { openLocalSearch } from "../search/local.ts"
import type { World } from "./command.ts"
import { progress } from "./progress.ts"
import type { RemoteRow } from "./remote.ts"

/** Hours: this is no question somebody waits for at a dashboard. */
const TIMEOUT_MS = 6 * 3_600_000

/** Hands over the bodies that a filter matches, in no order; returns why they are not all, where they are not. */
export async function ledgerBodies(
  dir: string,
  filter: string,
  world: World,
  take: (body: Uint8Array) => Promise<void> | undefined,
): Promise<string | undefined> {
  const search = await openLocalSearch(dir)
  const bar = progress(world.stderr, { unit: "events", clock: world.clock, label: dir })
  let done = 0
  try {
    const limits = { rowsMax: Number.MAX_SAFE_INTEGER, timeoutMs: TIMEOUT_MS }
    const counted = (body: Uint8Array) => {
      if (++done % BAR_EVERY === 0) bar.update(done)
      return take(body)
    }
    return (await search.bodies({ text: filter, now: world.clock(), ...limits }, counted, world.stop)).partial
  } finally {
    bar.done()
    await search.close()
  }
}

const BAR_EVERY = 1_000

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
