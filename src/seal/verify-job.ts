import { relative } from "node:path"
import { sameBytes } from "../base/bytes.ts"
import { readIfThere } from "../base/read-if-there.ts"
import { isRefusal } from "../base/refusal.ts"
import { bloomOf, formatBloom } from "../store/bloom.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { hashFile } from "../store/hash-file.ts"
import { relationSql } from "../store/relation.ts"
import { bloomPath, segmentPath } from "../store/segment-name.ts"
import type { Block } from "../tlog/block.ts"
import { Recheck, type SourceRun } from "./recheck.ts"
import { rereadSegment } from "./reread.ts"
import type { Damage } from "./verdict.ts"
import { checkColumns } from "./verify-columns.ts"
import type { SegmentFacts } from "./verify-derived.ts"
import type { MadeSegment } from "./verify-plan.ts"

/** Work on one segment file that a child process does. Everything in it can be sent as a message. */
export type Job =
  | {
      readonly kind: "segment"
      /** The ledger's directory. */
      readonly dir: string
      /** Below `segments/`. */
      readonly name: string
      /** As it was recorded: its filter is named and marked by that, and these are its records. */
      readonly made: Pick<MadeSegment, "name" | "sha256" | "first" | "last">
      readonly blocks: readonly Block[]
      /** Derive every typed column again and compare. */
      readonly columns: boolean
    }
  | { readonly kind: "controls"; readonly dir: string; readonly name: string }
  /** What the bytes of a file are, whatever they say. */
  | { readonly kind: "hash"; readonly dir: string; readonly name: string }
  /** Whether a file has the name its bytes ask for, and exactly the rows of those others. */
  | { readonly kind: "copy"; readonly dir: string; readonly name: string; readonly of: readonly string[] }

export type SegmentDone = {
  readonly kind: "segment"
  readonly sha256: string
  readonly bytes: number
  readonly damages: readonly Damage[]
  readonly runs: readonly SourceRun[]
  /** Undefined where not all of it can be read. */
  readonly facts: SegmentFacts | undefined
}

/** Bodies of the ledger's own records in a file. What they say counts once their block is found whole. */
export type ControlsDone = {
  readonly kind: "controls"
  readonly controls: readonly { readonly record: number; readonly text: string }[]
  readonly unreadable: string | undefined
}

export type HashDone = { readonly kind: "hash"; readonly sha256: string; readonly bytes: number }

export type CopyDone = { readonly kind: "copy"; readonly isMerged: boolean }

export type Done = SegmentDone | ControlsDone | HashDone | CopyDone

/** `tempDir` is the reader's own. */
export async function doJob(db: Duckdb, job: Job, tempDir: string): Promise<Done> {
  if (job.kind === "segment") return recheckSegment(db, job, tempDir)
  if (job.kind === "controls") return readControls(db, segmentPath(job.dir, job.name))
  if (job.kind === "hash") return { kind: "hash", ...(await hashFile(segmentPath(job.dir, job.name))) }
  return { kind: "copy", isMerged: await isMerged(db, job) }
}

async function recheckSegment(
  db: Duckdb,
  { dir, name, made, blocks, columns }: Extract<Job, { kind: "segment" }>,
  tempDir: string,
): Promise<SegmentDone> {
  const path = segmentPath(dir, name)
  const { sha256, bytes } = await hashFile(path)
  const recheck = new Recheck(blocks, `segments/${name}`, made)
  let readable = true
  const unreadable = (): void => {
    readable = false
    recheck.unreadable()
  }
  for await (const records of rereadSegment(db, path, unreadable)) {
    for (const record of records) recheck.add(record)
  }
  const { damages, runs } = recheck.finish()
  const bloom = readable ? await checkBloom(db, { dir, name, made }) : []
  const derived = readable && columns ? await checkColumns(db, { path, name, tempDir }) : []
  const facts = readable ? await factsOf(db, path) : undefined
  return { kind: "segment", sha256, bytes, damages: [...damages, ...bloom, ...derived], runs, facts }
}

/** A file that cannot be read is not what merging leaves: it is read back before it has its name. */
async function isMerged(db: Duckdb, { dir, name, of }: Extract<Job, { kind: "copy" }>): Promise<boolean> {
  const { sha256 } = await hashFile(segmentPath(dir, name))
  if (!name.endsWith(`-${sha256.slice(0, 16)}.parquet`)) return false
  try {
    return (await rowsHash(db, dir, [name])) === (await rowsHash(db, dir, of))
  } catch (error) {
    // Anything else, as too little memory or room, says nothing of the file.
    if (isRefusal(error, "store.failed")) return false
    throw error
  }
}

/** SHA-256 over all columns of all rows by record number, however the files order them. */
async function rowsHash(db: Duckdb, dir: string, names: readonly string[]): Promise<string | undefined> {
  const rows = relationSql({ files: names.map((name) => segmentPath(dir, name)), tables: [] })
  const sql = `SELECT sha256(string_agg(hash, '' ORDER BY "record")) FROM (
    SELECT "record", sha256(to_json(segment)::VARCHAR) AS hash FROM ${rows} AS segment)`
  return (await db.query(sql)).single().text(0)
}

async function factsOf(db: Duckdb, path: string): Promise<SegmentFacts> {
  const sql = `SELECT count(*), min(epoch_us("_time")), max(epoch_us("_time")), min(epoch_us("receivedAt")),
    max(epoch_us("receivedAt")) FROM read_parquet([?])`
  const row = (await db.query(sql, [path])).single()
  const [rows, timeMin, timeMax, receivedMin, receivedMax] = [0, 1, 2, 3, 4].map((i) => row.integer(i) ?? 0)
  return {
    rows: rows ?? 0,
    timeMin: timeMin ?? 0,
    timeMax: timeMax ?? 0,
    receivedMin: receivedMin ?? 0,
    receivedMax: receivedMax ?? 0,
  }
}

/** The filter is derived from the auditIDs; a changed one can hide a record from who asks for its id. */
async function checkBloom(
  db: Duckdb,
  { dir, name, made }: Pick<Extract<Job, { kind: "segment" }>, "dir" | "name" | "made">,
): Promise<Damage[]> {
  const file = bloomPath(dir, made.name)
  const found = readIfThere(file)
  const path = relative(dir, file)
  if (found === undefined)
    return [{ thing: "bloom", cause: "missing", path, detail: "queries make it again" }]
  const wanted = formatBloom(await bloomOf(db, segmentPath(dir, name)), made.sha256)
  if (sameBytes(found, wanted)) return []
  return [
    { thing: "bloom", cause: "changed", path, detail: "it is not the filter over the segment's auditIDs" },
  ]
}

async function readControls(db: Duckdb, path: string): Promise<ControlsDone> {
  // Of heartbeats the newest says all; what the ledger did (`did`) is told to people, not to verify.
  const sql = `SELECT record, raw FROM read_parquet([?]) WHERE kind = 'tallystick' AND NOT starts_with(raw, '{"kind":"did"')
    ORDER BY record`
  try {
    const rows = await db.query(sql, [path])
    const controls: { record: number; text: string }[] = []
    for (const batch of rows.batches()) {
      const [records, texts] = [batch.column(0), batch.column(1)]
      for (let row = 0; row < batch.count; row++) {
        const control = { record: records.integer(row) ?? -1, text: texts.text(row) ?? "" }
        const again = isHeartbeat(control.text) ? controls.findLastIndex(({ text }) => isHeartbeat(text)) : -1
        if (again >= 0) controls.splice(again, 1)
        controls.push(control)
      }
    }
    return { kind: "controls", controls, unreadable: undefined }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { kind: "controls", controls: [], unreadable: error.message }
  }
}

function isHeartbeat(text: string): boolean {
  return text.startsWith('{"kind":"heartbeat"')
}
