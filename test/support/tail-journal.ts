import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { pause } from "../../src/base/loop.ts"
import { deliveredIn } from "../../src/intake/file-sent.ts"
import { type FileTail, openFileTail } from "../../src/intake/file-tail.ts"
import type { Deliver } from "../../src/intake/source.ts"
import { realDisk } from "../../src/journal/disk.ts"
import { type Journal, openJournal } from "../../src/journal/journal.ts"

export const SOURCE = "c/a"

/** A journal in `folder` and a tail of `log` that fills it. */
export async function openTail(
  folder: string,
  log: string,
): Promise<{ journal: Journal; tail: FileTail; deliver: Deliver }> {
  const place = { dir: join(folder, "journal"), tmp: join(folder, "tmp"), damaged: join(folder, "damaged") }
  for (const dir of [place.dir, place.tmp]) mkdirSync(dir, { recursive: true })
  const clock = () => Date.now() * 1000
  const journal = await openJournal({
    place: { ...place, disk: realDisk },
    sealed: { records: 0, segmented: 0 },
    clock,
    steady: () => performance.now() * 1000,
    onFatal: fail,
  })
  const tail = await openFileTail({
    files: [{ path: log, source: SOURCE, from: "start" }],
    positionsPath: join(folder, "intake/positions.json"),
    delivered: deliveredIn(journal),
    redactor: undefined,
    clock,
    pause,
    pollMs: 2,
    onLoss: async (loss) => fail(new Error(JSON.stringify(loss))),
    onTrouble: fail,
  })
  return { journal, tail, deliver: (batch) => journal.append(batch) }
}

function fail(error: unknown): never {
  throw error
}
