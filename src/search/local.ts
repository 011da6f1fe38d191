import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isThere } from "../base/is-there.ts"
import { Refusal } from "../base/refusal.ts"
import { journalNames, readJournalFile } from "../journal/files.ts"
import { scanJournal } from "../journal/line.ts"
import { cataloguePath } from "../store/catalogue.ts"
import type { JournalEnd } from "../store/stage.ts"
import { type QueryMessage, type QueryRequest, SEARCH_LIMITS } from "./message.ts"
import { openService, type SearchService } from "./service.ts"

/** A ledger's directory, searched from this process without its server; nothing in it is written. Must be closed. */
export interface LocalSearch {
  query(request: QueryRequest, stop: AbortSignal): AsyncIterable<QueryMessage>
  close(): Promise<void>
}

/** A server may put records into a segment between two looks; each try looks again. */
const TRIES = 5

/**
 * Opens a directory as it is: the catalogue says which segments there are (`verify` says whether it is right), the journal's
 * valid groups are the tail. A server may be at work on it; what it commits later is not seen. Refuses `ledger.missing`.
 */
export async function openLocalSearch(dir: string): Promise<LocalSearch> {
  if (!isThere(join(dir, "journal")) && !isThere(cataloguePath(dir))) {
    throw new Refusal("ledger.missing", `there is no ledger in ${dir}`, { dir })
  }
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-search-"))
  const close = async (service: SearchService | undefined) => {
    service?.close()
    await rm(tempDir, { recursive: true, force: true })
  }
  let service: SearchService | undefined
  let end: JournalEnd | undefined
  try {
    for (let left = TRIES; ; left--) {
      service = await openService({ dir, tempDir, made: undefined, limits: SEARCH_LIMITS, readOnly: true })
      end = journalEnd(join(dir, "journal"))
      if (left === 0 || end === undefined || (await reachesSegments(service, end))) break
      service.close()
    }
  } catch (error) {
    await close(service)
    throw error
  }
  return localSearch(service, end, close)
}

/** Loads the tail at once, since the server may remove the journal's files later; false where records are missing before it. */
async function reachesSegments(service: SearchService, end: JournalEnd): Promise<boolean> {
  try {
    await service.tail.load(end)
    return service.gap === undefined
  } catch {
    return false
  }
}

function localSearch(
  service: SearchService,
  end: JournalEnd | undefined,
  close: (service: SearchService) => Promise<void>,
): LocalSearch {
  return {
    async *query(request, stop) {
      const answer = service.query(request, end, stop)
      for (;;) {
        const { done, value } = await answer.next()
        if (done !== true) {
          yield { kind: "rows", rows: value }
          continue
        }
        yield { kind: "end", ...value }
        return
      }
    },
    close: () => close(service),
  }
}

/** Where the journal's valid groups end; undefined where there is no journal. */
function journalEnd(journalDir: string): JournalEnd | undefined {
  const file = isThere(journalDir) ? journalNames(journalDir).at(-1) : undefined
  if (file === undefined) return undefined
  let [bytes, next] = [0, Number.parseInt(file, 10)]
  for (const group of scanJournal(readJournalFile(journalDir, file))) {
    bytes = group.end
    next = group.first + group.count
  }
  return { file, bytes, next }
}
