import type { Micros } from "../../base/time.ts"
import { parseMicros } from "../../base/time.ts"
import { openLocalSearch } from "../../search/local.ts"

const TIMEOUT_MS = 30_000
const SOURCES_MAX = 10_000

/**
 * Of each source, when its newest event of a Kubernetes API server came, as far back as `minutes`: for ledgers so busy
 * that the journal reaches back some seconds only. Reads the directory; the server is not asked.
 */
export async function searchEvents(
  dir: string,
  minutes: number,
  now: Micros,
): Promise<ReadonlyMap<string, Micros>> {
  const search = await openLocalSearch(dir)
  try {
    const text = `_time:${minutes}m kind:=k8s.audit | stats by (source) max(receivedAt) newest`
    const request = { text, now, rowsMax: SOURCES_MAX, timeoutMs: TIMEOUT_MS }
    const events = new Map<string, Micros>()
    for await (const message of search.query(request, new AbortController().signal)) {
      if (message.kind !== "rows") continue
      for (const { source, newest } of message.rows) {
        if (source !== undefined && newest !== undefined) events.set(source, parseMicros(newest))
      }
    }
    return events
  } finally {
    await search.close()
  }
}
