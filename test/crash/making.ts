import assert from "node:assert/strict"
import { join } from "node:path"
import { segmentRecorder } from "../../src/cli/segment-recorder.ts"
import type { Disk } from "../../src/journal/disk.ts"
import type { OpenLedger } from "../../src/seal/ledger.ts"
import { madeSegments } from "../../src/seal/made-segments.ts"
import { SegmentFiles } from "../../src/search/leftovers.ts"
import { SEARCH_LIMITS } from "../../src/search/message.ts"
import { Segmenter } from "../../src/search/segments.ts"
import { Tail } from "../../src/search/tail.ts"
import { BloomCache } from "../../src/store/bloom-cache.ts"
import { type Catalogue, cataloguePath, openCatalogue, readCatalogue } from "../../src/store/catalogue.ts"
import type { Duckdb } from "../../src/store/duckdb.ts"
import type { TestLedger } from "../support/ledger.ts"
import { faultyDisk } from "./faulty-disk.ts"

/** Two segments of what the tests send, so that one is written while the other waits for its record. */
const SEGMENT_RECORDS_MAX = 15

export type Making = {
  readonly ledger: OpenLedger
  readonly catalogue: Catalogue
  readonly troubles: unknown[]
  /** Removed before anything was done. */
  readonly leftovers: readonly string[]
  /** One try to put all that is sealed into segments. */
  flush(): Promise<void>
  close(): Promise<void>
}

export type MakingOptions = {
  readonly db: Duckdb
  readonly test: TestLedger
  /** For segments; the ledger's own files have a sound one. */
  readonly disk: Disk
  /** Merging begins where this is large. */
  readonly quietMs?: () => number
}

/** What `serve` and its search process do together to make segments, in one process. */
export async function openMaking({ db, test, disk, quietMs = () => 0 }: MakingOptions): Promise<Making> {
  const { dir } = test
  const ledger = await test.open({ disk: faultyDisk(), journal: { fileBytes: 4_000 } })
  const troubles: unknown[] = []
  const made = await madeSegments(dir, ledger.sealer.sealed.records)
  const files = new SegmentFiles(dir, () => ledger.journal.held())
  const leftovers = await files.begin(made)
  const known = made ?? (await readCatalogue(cataloguePath(dir))).entries
  const { catalogue, missing } = await openCatalogue({ db, dir, made: known, disk: faultyDisk() })
  assert.deepEqual(missing, [])
  const blooms = new BloomCache({ db, dir, disk: faultyDisk(), bytesMax: 2 ** 20 })
  const stop = new AbortController()
  const record = segmentRecorder(ledger, stop.signal, (trouble) => troubles.push(trouble))
  const segmenter = new Segmenter({
    db,
    disk,
    dir,
    catalogue,
    blooms,
    tail: new Tail({
      db,
      dir,
      tempDir: join(dir, "tmp"),
      blooms,
      entries: () => catalogue.entries,
      first: catalogue.next,
    }),
    limits: { ...SEARCH_LIMITS, segmentRecords: 1 },
    segmentRecordsMax: SEGMENT_RECORDS_MAX,
    position: () => ledger.journal.position(),
    record: (made) =>
      files.record(made, record).then(
        () => true,
        (error: unknown) => {
          troubles.push(error)
          return false
        },
      ),
    quietMs,
    now: () => test.clock.now,
    onTrouble: (error) => troubles.push(error),
    drained: async () => undefined,
  })
  const running = segmenter.run(stop.signal)
  return {
    ledger,
    catalogue,
    troubles,
    leftovers,
    async flush() {
      segmenter.add(ledger.sealer.unsegmented())
      await segmenter.flush()
    },
    async close() {
      stop.abort()
      await running
      await ledger.close()
    },
  }
}
