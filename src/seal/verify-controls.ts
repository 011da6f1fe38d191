import { isRefusal } from "../base/refusal.ts"
import { RESERVED } from "../event/record.ts"
import { heartbeat, loss } from "../journal/control.ts"
import { controlKindOf } from "../journal/control-kind.ts"
import { keyRotated, rangePurged, segmentMade } from "./control.ts"
import { type KeyRotation, openKeyRotation } from "./key-rotation.ts"
import type { Damage, PurgedRange } from "./verdict.ts"
import type { ControlsDone } from "./verify-job.ts"
import type { JournalFound } from "./verify-journal.ts"
import type { MadeSegment } from "./verify-plan.ts"
import type { VerifyPool } from "./verify-pool.ts"

/** Each source's next number, as a heartbeat says it. */
export type SaidCounts = {
  readonly record: number
  readonly next: readonly (readonly [source: string, n: number])[]
}

/** One of the ledger's own records, in a segment (by its name) or in the journal. */
export type Candidate = {
  readonly record: number
  readonly text: string
  readonly holder: string | undefined
}

export type Controls = {
  readonly made: MadeSegment[]
  readonly purged: PurgedRange[]
  readonly heartbeats: SaidCounts[]
  /** Gaps in the count of a source that the ledger told itself. */
  readonly lost: (readonly [source: string, from: number, to: number])[]
  readonly damages: Damage[]
}

export type Candidates = { readonly controls: readonly Candidate[]; readonly damages: readonly Damage[] }

/** The ledger's own records as every file has them, believed or not. */
export async function gatherControls(
  ledger: {
    readonly dir: string
    readonly pool: VerifyPool
    /** What was read before; a segment's bytes never change. */
    readonly known?: Map<string, ControlsDone> | undefined
  },
  names: readonly string[],
  journal: JournalFound,
): Promise<Candidates> {
  const controls: Candidate[] = []
  const damages: Damage[] = []
  const malformed = (record: number): void => {
    const detail = "its line in the journal is none that a ledger writes"
    damages.push({ thing: "journal", cause: "changed", first: record, last: record, detail })
  }
  for (const { number, kind, body } of journal.records(0, malformed)) {
    if (kind !== RESERVED) continue
    controls.push({ record: number, text: Buffer.from(body).toString(), holder: undefined })
  }
  const read = names.map(async (name) => {
    const done = ledger.known?.get(name) ?? (await readControls(ledger, name))
    if (done.unreadable !== undefined) {
      const path = `segments/${name}`
      damages.push({ thing: "segment", cause: "unreadable", path, detail: done.unreadable })
    } else ledger.known?.set(name, done)
    for (const { record, text } of done.controls) controls.push({ record, text, holder: name })
  })
  await Promise.all(read)
  return { controls, damages }
}

async function readControls(
  { dir, pool }: { readonly dir: string; readonly pool: VerifyPool },
  name: string,
): Promise<ControlsDone> {
  const outcome = await pool.run({ kind: "controls", dir, name })
  if ("done" in outcome && outcome.done.kind === "controls") return outcome.done
  const why = "failed" in outcome ? outcome.failed : "the reader gave another answer"
  const unreadable = `it cannot be read as a segment (${why})`
  return { kind: "controls", controls: [], unreadable }
}

/**
 * What the ledger says of itself, as far as it stands in files that will be held to the blocks: a record counts from the
 * file that has to hold it, and from no other. The newest come first, because what holds a record (`segment.made`) is
 * said by a later one. Pure.
 */
export function believedControls(
  candidates: readonly Candidate[],
  ledger: { readonly sealedRecords: number; readonly files: ReadonlySet<string> },
): Controls {
  const controls: Controls = { made: [], purged: [], heartbeats: [], lost: [], damages: [] }
  const replaced = new Set<string>()
  const sealed = candidates.filter(({ record }) => record < ledger.sealedRecords)
  // A row that somebody repeated says nothing more: two records of one segment would have it overlap itself.
  const said = new Set<string>()
  let current = -1
  for (const { record, text, holder } of sealed.toSorted((a, b) => b.record - a.record)) {
    const holding = controls.made.find(
      ({ name, first, last }) =>
        first <= record && record <= last && !replaced.has(name) && ledger.files.has(name),
    )
    if (holding?.name !== holder) continue
    if (record !== current) said.clear()
    current = record
    if (said.has(text)) continue
    said.add(text)
    take(controls, record, text)
    const newest = controls.made.at(-1)
    if (newest?.record === record) for (const name of newest.replaces) replaced.add(name)
  }
  controls.made.reverse()
  return controls
}

function take(controls: Controls, record: number, text: string): void {
  const kind = controlKindOf(Buffer.from(text))
  try {
    if (kind === segmentMade.kind) controls.made.push({ record, ...segmentMade.parse(text) })
    if (kind === rangePurged.kind) controls.purged.push(rangePurged.parse(text))
    if (kind === loss.kind) controls.lost.push(...loss.parse(text).gaps)
    if (kind === heartbeat.kind && controls.heartbeats.length === 0) {
      controls.heartbeats.push({ record, ...heartbeat.parse(text) })
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    const detail = `it is no ${kind} record of a version known here`
    controls.damages.push({ thing: "record", cause: "changed", first: record, last: record, detail })
  }
}

/** Changes of keys, each signed by the key before and the one after: they need no other witness. In their order. */
export function rotationsIn(candidates: readonly Candidate[]): KeyRotation[] {
  const rotations: KeyRotation[] = []
  for (const { text } of candidates.toSorted((a, b) => a.record - b.record)) {
    if (controlKindOf(Buffer.from(text)) !== keyRotated.kind) continue
    try {
      rotations.push(openKeyRotation(keyRotated.parse(text).note))
    } catch (error) {
      // Not one that counts: whether its record is as it was sealed is looked at with all the others.
      if (!isRefusal(error)) throw error
    }
  }
  return rotations
}
