import { join } from "node:path"
import { isRefusal } from "../base/refusal.ts"
import { RESERVED } from "../event/record.ts"
import { heartbeat, loss } from "../journal/control.ts"
import { controlKindOf } from "../journal/control-kind.ts"
import { rangePurged, segmentMade } from "./control.ts"
import type { Damage, PurgedRange } from "./verdict.ts"
import type { JournalFound } from "./verify-journal.ts"
import type { MadeSegment } from "./verify-plan.ts"
import type { VerifyPool } from "./verify-pool.ts"

/** Each source's next number, as a heartbeat says it. */
export type SaidCounts = {
  readonly record: number
  readonly next: readonly (readonly [source: string, n: number])[]
}

export type Controls = {
  readonly made: MadeSegment[]
  readonly purged: PurgedRange[]
  readonly heartbeats: SaidCounts[]
  /** Gaps in the count of a source that the ledger told itself. */
  readonly lost: (readonly [source: string, from: number, to: number])[]
  readonly damages: Damage[]
}

/** What the ledger's own records say. They are believed here and checked with all the others afterwards. */
export async function gatherControls(
  work: { readonly dir: string; readonly pool: VerifyPool; readonly sealedRecords: number },
  names: readonly string[],
  journal: JournalFound,
): Promise<Controls> {
  const controls: Controls = { made: [], purged: [], heartbeats: [], lost: [], damages: [] }
  const seen = new Set<number>()
  const hear = (record: number, text: string): void => {
    if (seen.has(record) || record >= work.sealedRecords) return
    seen.add(record)
    take(controls, record, text)
  }
  for (const record of journal.records(0)) {
    if (record.kind === RESERVED) hear(record.number, Buffer.from(record.body).toString())
  }
  const read = names.map(async (name) => {
    const outcome = await work.pool.run({ kind: "controls", path: join(work.dir, "segments", name) })
    const done = "done" in outcome && outcome.done.kind === "controls" ? outcome.done : undefined
    const why = done === undefined && "failed" in outcome ? outcome.failed : done?.unreadable
    if (why !== undefined) {
      controls.damages.push({ thing: "segment", cause: "unreadable", path: `segments/${name}`, detail: why })
    }
    for (const { record, text } of done?.controls ?? []) hear(record, text)
  })
  await Promise.all(read)
  controls.made.sort((a, b) => a.record - b.record)
  return controls
}

function take(controls: Controls, record: number, text: string): void {
  const kind = controlKindOf(Buffer.from(text))
  try {
    if (kind === segmentMade.kind) controls.made.push({ record, ...segmentMade.parse(text) })
    if (kind === rangePurged.kind) controls.purged.push(rangePurged.parse(text))
    if (kind === loss.kind) controls.lost.push(...loss.parse(text).gaps)
    if (kind === heartbeat.kind) controls.heartbeats.push({ record, ...heartbeat.parse(text) })
  } catch (error) {
    if (!isRefusal(error)) throw error
    const detail = `it is no ${kind} record of a version known here`
    controls.damages.push({ thing: "record", cause: "changed", first: record, last: record, detail })
  }
}
