import type { Micros } from "../base/time.ts"
import type { CatalogueEntry } from "../store/catalogue.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Damage } from "./verdict.ts"
import type { MadeSegment } from "./verify-plan.ts"

/** What a segment's rows say, read from the rows themselves: footers are not believed. */
export type SegmentFacts = {
  readonly rows: number
  readonly timeMin: Micros
  readonly timeMax: Micros
  readonly receivedMin: Micros
  readonly receivedMax: Micros
}

export type CatalogueVerdict = { readonly damages: Damage[]; readonly notes: string[] }

const PATH = "catalogue.ndjson"

/**
 * The catalogue decides which files a query opens, so a changed one can hide rows that are all still there. It is derived:
 * `serve` makes it again. `facts` are those of the current segments that could be read.
 */
export function verifyCatalogue(
  { entries, whole, torn }: Snapshot["catalogue"],
  made: readonly MadeSegment[],
  current: ReadonlyMap<string, SegmentFacts>,
): CatalogueVerdict {
  const damages: Damage[] = []
  const notes: string[] = []
  const damage = (cause: Damage["cause"], detail: string) =>
    damages.push({ thing: "catalogue", cause, path: PATH, detail })
  if (!whole) {
    if (torn) notes.push(`${PATH} ends within a line, as a crash leaves it`)
    else damage("changed", "it holds a line that is not one of its own")
  }
  const known = new Map(made.map((segment) => [segment.name, segment]))
  const listed = new Set(entries.map(({ name }) => name))
  const newest = made.findLastIndex(({ name }) => listed.has(name))
  for (const entry of entries) {
    const segment = known.get(entry.name)
    const facts = current.get(entry.name)
    if (segment === undefined) damage("inserted", `no record names its segment ${entry.name}`)
    else if (!agrees(entry, segment, facts))
      damage("changed", `what it says of ${entry.name} is not what is in there`)
  }
  for (const [at, { name }] of made.entries()) {
    if (listed.has(name) || !current.has(name)) continue
    if (at > newest) notes.push(`${PATH} lacks ${name}, as a crash right after its record leaves it`)
    else damage("missing", `it lacks ${name}`)
  }
  return { damages, notes }
}

function agrees(entry: CatalogueEntry, made: MadeSegment, facts: SegmentFacts | undefined): boolean {
  const same =
    entry.first === made.first &&
    entry.last === made.last &&
    entry.bytes === made.bytes &&
    entry.sha256 === made.sha256 &&
    entry.replaces.join() === made.replaces.join()
  if (facts === undefined) return same
  return (
    same &&
    entry.rows === facts.rows &&
    entry.timeMin === facts.timeMin &&
    entry.timeMax === facts.timeMax &&
    entry.receivedMin === facts.receivedMin &&
    entry.receivedMax === facts.receivedMax
  )
}

/** Bloom files of no recorded segment. Queries never read them; somebody put them there, or a deletion was cut short. */
export function strayBlooms(files: readonly string[], made: readonly MadeSegment[]): string[] {
  const stems = new Set(made.map(({ name }) => name.replace(/\.parquet$/, "")))
  return files
    .filter((name) => name.endsWith(".bloom") && !stems.has(name.replace(/\.bloom$/, "")))
    .map((name) => `segments/${name} belongs to no recorded segment`)
}
