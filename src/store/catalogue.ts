import { statSync } from "node:fs"
import { appendFile, readFile } from "node:fs/promises"
import { join } from "node:path"
import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { type Disk, replaceFile } from "../journal/disk.ts"

export type { CatalogueEntry } from "./catalogue-entry.ts"

import { type CatalogueEntry, formatEntry, parseEntry, sameMade } from "./catalogue-entry.ts"
import type { Duckdb } from "./duckdb.ts"
import { readSummary } from "./segment-file.ts"
import { type SegmentMade, segmentPath } from "./segment-name.ts"

/** Absent bounds do not bind; both ends belong to a range. */
export type Pick = {
  readonly timeMin?: Micros
  readonly timeMax?: Micros
  readonly recordMin?: number
  readonly recordMax?: number
}

/**
 * The catalogue: which segments there are and what lies in them, so that a query opens only those it needs
 * (opening 10,000 Parquet files takes seconds, reading this takes a fraction of one). Append-only NDJSON, a
 * line per segment in the order they were made; a line that `replaces` others hides them. Everything in it
 * can be made again from the files and the list of `segment.made` records, which alone decide what is a
 * segment: {@link openCatalogue} drops and adds accordingly.
 */
export class Catalogue {
  readonly #path: string | undefined
  #entries: readonly CatalogueEntry[]

  /** Only {@link openCatalogue} makes one. Without a path nothing is written. */
  constructor(entries: readonly CatalogueEntry[], path?: string) {
    this.#entries = activeOf(entries)
    this.#path = path
  }

  /** Those that count, by record number. The array never changes: holding it is a snapshot. */
  get entries(): readonly CatalogueEntry[] {
    return this.#entries
  }

  /** Number after the last record in a segment, counting from the first. */
  get next(): number {
    return (this.#entries.at(-1)?.last ?? -1) + 1
  }

  /**
   * Call when the segment's record is sealed, not before: from here on queries see the file, also where its line cannot
   * be written. The next start makes a catalogue that lacks one again.
   */
  async add(entry: CatalogueEntry): Promise<void> {
    this.#entries = activeOf([...this.#entries, entry])
    if (this.#path !== undefined) await appendFile(this.#path, formatEntry(entry))
  }

  /** Segments that may hold such rows, newest `_time` first. */
  pick(range: Pick): readonly CatalogueEntry[] {
    return pickEntries(this.#entries, range)
  }
}

export function pickEntries(entries: readonly CatalogueEntry[], range: Pick): readonly CatalogueEntry[] {
  const { timeMin = -Infinity, timeMax = Infinity, recordMin = 0, recordMax = Infinity } = range
  return entries
    .filter(
      (entry) =>
        entry.timeMax >= timeMin &&
        entry.timeMin <= timeMax &&
        entry.last >= recordMin &&
        entry.first <= recordMax,
    )
    .sort((a, b) => b.timeMax - a.timeMax || b.last - a.last)
}

export type CatalogueRequest = {
  readonly db: Duckdb
  /** The ledger's directory. */
  readonly dir: string
  /** Every `segment.made` that is sealed, in their order: nothing else is a segment. */
  readonly made: readonly SegmentMade[]
  /** Undefined: read only, nothing is written. */
  readonly disk: Disk | undefined
}

export type OpenedCatalogue = {
  readonly catalogue: Catalogue
  /** Segments that should be there and are not, or not with their size. Queries do without them: say so. */
  readonly missing: readonly SegmentMade[]
}

/**
 * Reads the catalogue and makes it agree with the list of segments: what it lacks is read from the files (2
 * ms each), what it has too much is dropped. 10,000 entries take about 0.1 s where nothing has to be made
 * again.
 */
export async function openCatalogue({ db, dir, made, disk }: CatalogueRequest): Promise<OpenedCatalogue> {
  const path = cataloguePath(dir)
  const { entries: known, whole } = await readCatalogue(path)
  const byName = new Map(known.map((entry) => [entry.name, entry]))
  const entries: CatalogueEntry[] = []
  const missing: SegmentMade[] = []
  const replaced = new Set(made.flatMap(({ replaces }) => replaces))
  for (const segment of made) {
    const entry = byName.get(segment.name)
    if (entry !== undefined && sameMade(entry, segment) && isThere(dir, segment)) entries.push(entry)
    else if (!replaced.has(segment.name)) {
      const again = await entryFromFile(db, dir, segment)
      if (again === undefined) missing.push(segment)
      else entries.push(again)
    }
  }
  const same = whole && entries.length === known.length && entries.every((entry, i) => entry === known[i])
  if (!same && disk !== undefined) await rewrite(disk, dir, activeOf(entries))
  return { catalogue: new Catalogue(entries, disk === undefined ? undefined : path), missing }
}

export function cataloguePath(dir: string): string {
  return join(dir, "catalogue.ndjson")
}

/** `whole` is false where a line was torn or is none of ours; it and what follows are left out. */
export async function readCatalogue(
  path: string,
): Promise<{ readonly entries: readonly CatalogueEntry[]; readonly whole: boolean }> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return ""
    throw error
  })
  const entries: CatalogueEntry[] = []
  const lines = text.split("\n")
  const torn = lines.pop() !== ""
  try {
    for (const line of lines) entries.push(parseEntry(`${line}\n`))
  } catch (error) {
    if (isRefusal(error, "catalogue.malformed")) return { entries, whole: false }
    throw error
  }
  return { entries, whole: !torn }
}

/** With its size: a file that was cut is as good as gone. 3 µs each. */
function isThere(dir: string, { name, bytes }: SegmentMade): boolean {
  return statSync(segmentPath(dir, name), { throwIfNoEntry: false })?.size === bytes
}

/**
 * Undefined where the file is not there with the size it should have. What is in it, `verify` and `scrub`
 * check.
 */
async function entryFromFile(
  db: Duckdb,
  dir: string,
  made: SegmentMade,
): Promise<CatalogueEntry | undefined> {
  const path = segmentPath(dir, made.name)
  if (!isThere(dir, made)) return undefined
  try {
    const { rows, order, timeMin, timeMax, receivedMin, receivedMax } = await readSummary(db, path)
    return { ...made, rows, order, timeMin, timeMax, receivedMin, receivedMax }
  } catch (error) {
    if (isRefusal(error, "store.failed") || isRefusal(error, "segment.malformed")) return undefined
    throw error
  }
}

async function rewrite(disk: Disk, dir: string, entries: readonly CatalogueEntry[]): Promise<void> {
  const place = { path: cataloguePath(dir), temporary: join(dir, "tmp", "catalogue.ndjson"), folder: dir }
  await replaceFile(disk, place, Buffer.from(entries.map(formatEntry).join("")))
}

/** Without what others replace, by record number; of several over the same records the one made last. */
function activeOf(entries: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
  const replaced = new Set(entries.flatMap(({ replaces }) => replaces))
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return [...byName.values()].filter(({ name }) => !replaced.has(name)).sort((a, b) => a.first - b.first)
}
