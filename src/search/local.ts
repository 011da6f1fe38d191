import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { journalNames, readJournalFile } from "../journal/files.ts"
import { scanJournal } from "../journal/line.ts"
import type { JournalEnd } from "../store/stage.ts"
import { partialOf, type QueryMessage, type QueryRequest, SEARCH_LIMITS } from "./message.ts"
import { openService, type SearchService } from "./service.ts"

/** A ledger's directory, searched from this process without its server; nothing in it is written. Must be closed. */
export interface LocalSearch {
  query(request: QueryRequest, stop: AbortSignal): AsyncIterable<QueryMessage>
  close(): Promise<void>
}

/**
 * Opens a directory as it is: the catalogue says which segments there are (`verify` says whether it is right), the journal's
 * valid groups are the tail. A server may be at work on it; what it commits later is not seen.
 */
export async function openLocalSearch(dir: string): Promise<LocalSearch> {
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-search-"))
  let service: SearchService
  try {
    service = await openService({ dir, tempDir, made: undefined, limits: SEARCH_LIMITS, readOnly: true })
  } catch (error) {
    await rm(tempDir, { recursive: true, force: true })
    throw error
  }
  const end = journalEnd(join(dir, "journal"))
  return {
    async *query(request, stop) {
      const answer = service.query(request, end, stop)
      for (;;) {
        const { done, value } = await answer.next()
        if (done !== true) {
          yield { kind: "rows", rows: value }
          continue
        }
        yield { kind: "end", rows: value.rows, ...partialOf(value) }
        return
      }
    },
    async close() {
      service.close()
      await rm(tempDir, { recursive: true, force: true })
    },
  }
}

/** Where the journal's valid groups end; undefined where there is no journal. */
function journalEnd(journalDir: string): JournalEnd | undefined {
  const file = journalNames(journalDir).at(-1)
  if (file === undefined) return undefined
  let [bytes, next] = [0, Number.parseInt(file, 10)]
  for (const group of scanJournal(readJournalFile(journalDir, file))) {
    bytes = group.end
    next = group.first + group.count
  }
  return { file, bytes, next }
}
