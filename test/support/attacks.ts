import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { formatCommit, groupCrc, groupLines, scanJournal } from "../../src/journal/line.ts"
import { type Duckdb, quote } from "../../src/store/duckdb.ts"

/** What somebody with all rights on the files does to them. Paths are relative to the ledger's directory. */

export function flip(dir: string, path: string, at: number, mask = 1): void {
  const bytes = readFileSync(join(dir, path))
  bytes[at] = (bytes[at] ?? 0) ^ mask
  writeFileSync(join(dir, path), bytes)
}

export function editText(dir: string, path: string, edit: (text: string) => string): void {
  const text = readFileSync(join(dir, path)).toString("latin1")
  const edited = edit(text)
  if (edited === text) throw new Error(`nothing to edit in ${path}`)
  writeFileSync(join(dir, path), Buffer.from(edited, "latin1"))
}

/** Exchanges the contents of two files. */
export function swap(dir: string, a: string, b: string): void {
  renameSync(join(dir, a), join(dir, "swap"))
  renameSync(join(dir, b), join(dir, a))
  renameSync(join(dir, "swap"), join(dir, b))
}

/** Writes a segment anew with one column as `sql` says, as the tools would that wrote it. */
export async function rewriteSegment(
  db: Duckdb,
  dir: string,
  { path, column, sql, to = path }: { path: string; column: string; sql: string; to?: string },
): Promise<void> {
  const edited = join(dir, "edited.parquet")
  await db.query(
    `COPY (SELECT * REPLACE (${sql} AS "${column}") FROM read_parquet(${quote(join(dir, path))}))
     TO ${quote(edited)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
  )
  rmSync(join(dir, path))
  renameSync(edited, join(dir, to))
}

/** Writes a segment anew without one of its rows. */
export async function removeRow(
  db: Duckdb,
  dir: string,
  { path, record }: { path: string; record: number },
): Promise<void> {
  const edited = join(dir, "edited.parquet")
  await db.query(
    `COPY (FROM read_parquet(${quote(join(dir, path))}) WHERE record <> ${record})
     TO ${quote(edited)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
  )
  renameSync(edited, join(dir, path))
}

/** Changes the first journal line that `finds` likes, and repairs the CRC of its group. */
export function editJournalLine(
  dir: string,
  finds: (line: string) => boolean,
  edit: (line: string) => string,
): void {
  const folder = join(dir, "journal")
  for (const name of readdirSync(folder).sort()) {
    const bytes = readFileSync(join(folder, name))
    for (const group of scanJournal(bytes)) {
      const lines = [...groupLines(bytes, group)].map((line) => Buffer.from(line).toString("latin1"))
      const at = lines.findIndex(finds)
      if (at < 0) continue
      lines[at] = edit(lines[at] ?? "")
      const text = Buffer.from(lines.join(""), "latin1")
      const commit = Buffer.from(formatCommit({ ...group, crc: groupCrc(text, group) }))
      const edited = Buffer.concat([bytes.subarray(0, group.start), text, commit, bytes.subarray(group.end)])
      writeFileSync(join(folder, name), edited)
      return
    }
  }
  throw new Error("no such line in the journal")
}
