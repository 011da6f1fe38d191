import type { CatalogueEntry } from "../store/catalogue-entry.ts"
import { rangeOfSegment } from "../store/segment-name.ts"
import type { MadeSegment } from "./verify-plan.ts"
import type { VerifyPool } from "./verify-pool.ts"

/**
 * Where a segment cannot be read or is gone, the records in it are missed that name other segments. These are not to be
 * blamed: where no record speaks of theirs the catalogue's word is taken, and where that is gone too the word of the files
 * themselves, if their bytes have the hash that stands in their name: files over records that no other holds, and those that
 * a segment replaced which is gone. They are held to the blocks all the same.
 */
export async function supposedSegments(ledger: {
  readonly dir: string
  readonly pool: VerifyPool
  readonly catalogue: readonly CatalogueEntry[]
  readonly files: ReadonlySet<string>
  readonly made: readonly MadeSegment[]
}): Promise<readonly MadeSegment[]> {
  const { catalogue, files, made } = ledger
  const known = new Set(made.map(({ name }) => name))
  const listed = catalogue
    .filter(({ name }) => files.has(name) && !known.has(name))
    .filter((entry) => !made.some((other) => !entry.replaces.includes(other.name) && overlap(entry, other)))
    .map(({ name, first, last, bytes, sha256, replaces }) => ({
      ...{ record: -1, name, first, last, bytes, sha256, replaces },
    }))
  const all = [...made, ...listed]
  const listedNames = new Set(all.map(({ name }) => name))
  const unnamed = [...files]
    .filter((name) => !listedNames.has(name))
    .map((name) => ({ name, ...rangeOfSegment(name) }))
  const isHeldBy = (file: Named, other: MadeSegment) =>
    overlap(file, other) && (files.has(other.name) || !other.replaces.includes(file.name))
  const free = unnamed.filter((file) => !all.some((other) => isHeldBy(file, other)))
  return [...listed, ...(await ofFiles(ledger, free))]
}

type Named = { readonly name: string; readonly first: number; readonly last: number }

/**
 * The widest come first: what one of them holds altogether it has replaced. They are read by the readers: what has the name of
 * a file may lead nowhere, or to where a reading never ends.
 */
async function ofFiles(
  { dir, pool }: { readonly dir: string; readonly pool: VerifyPool },
  files: readonly Named[],
): Promise<readonly MadeSegment[]> {
  const taken: MadeSegment[] = []
  for (const { name, first, last } of files.toSorted((a, b) => b.last - b.first - (a.last - a.first))) {
    const outcome = await pool.run({ kind: "hash", dir, name })
    if (!("done" in outcome) || outcome.done.kind !== "hash") continue
    const { sha256, bytes } = outcome.done
    if (!name.endsWith(`-${sha256.slice(0, 16)}.parquet`)) continue
    if (taken.some((other) => overlap({ first, last }, other))) continue
    const replaces = files
      .filter((other) => other.name !== name && first <= other.first && other.last <= last)
      .map((other) => other.name)
    taken.push({ record: -1, name, first, last, bytes, sha256, replaces })
  }
  return taken
}

type Range = { readonly first: number; readonly last: number }

function overlap(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last
}
