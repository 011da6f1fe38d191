import { createHash } from "node:crypto"
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { formatCommit, groupCrc, groupLines, scanJournal } from "../../src/journal/line.ts"
import { type Duckdb, quote } from "../../src/store/duckdb.ts"
import { decodeBundle, encodeBundle } from "../../src/tlog/bundle.ts"

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

/** Adds one file with all rows of those segments, one column as `sql` says, under the name its bytes ask for. */
export async function mergeSegments(
  db: Duckdb,
  dir: string,
  { paths, column, sql }: { paths: readonly string[]; column: string; sql: string },
): Promise<void> {
  const [first = ""] = paths
  const merged = join(dir, "merged.parquet")
  const files = paths.map((path) => quote(join(dir, path))).join()
  await db.query(
    `COPY (SELECT * REPLACE (${sql} AS "${column}") FROM read_parquet([${files}]) ORDER BY "user.username", record)
     TO ${quote(merged)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
  )
  const hash = createHash("sha256").update(readFileSync(merged)).digest("hex").slice(0, 16)
  const last = /\d{16}(?=-[0-9a-f]{16}\.parquet)/.exec(paths.at(-1) ?? "")?.[0] ?? ""
  renameSync(merged, join(dir, first.replace(/\d{16}-[0-9a-f]{16}\.parquet/, `${last}-${hash}.parquet`)))
}

/** Writes a segment anew with each of its rows so many times. */
export async function repeatRows(
  db: Duckdb,
  dir: string,
  { path, times }: { path: string; times: number },
): Promise<void> {
  const edited = join(dir, "edited.parquet")
  await db.query(
    `COPY (SELECT segment.* FROM read_parquet(${quote(join(dir, path))}) AS segment, range(${times}))
     TO ${quote(edited)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2)`,
  )
  renameSync(edited, join(dir, path))
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

export function edited(column: string, record: number): string {
  return `CASE WHEN record = ${record} THEN replace("${column}", substr("${column}", 5, 1), '#') ELSE "${column}" END`
}

export function editFooter(dir: string, path: string, from: string, to: string): void {
  editText(dir, path, (text) => {
    const length = Buffer.from(text.slice(-8, -4), "latin1").readUInt32LE()
    const footer = text.length - 8 - length
    return text.slice(0, footer) + text.slice(footer).replaceAll(from, to)
  })
}

export function editBlock(dir: string, number: number): void {
  editText(dir, "log/tile/entries/000", (text) => text.replace(`\n${number}\n`, `\n${number + 1}\n`))
}

export function startsWith(record: number): (line: string) => boolean {
  return (line) => line.startsWith(`${record} `)
}

export function otherVerb(line: string): string {
  return line.replace(/"verb":"[a-z]/, '"verb":"#')
}

export function journals(dir: string): string[] {
  return readdirSync(join(dir, "journal"))
    .sort()
    .map((name) => `journal/${name}`)
}

export function newestJournal(dir: string): string {
  return journals(dir).at(-1) ?? ""
}

export function offsetIn(dir: string, record: number): number {
  return readFileSync(join(dir, journalFileOf(dir, record))).indexOf(`\n${record} `)
}

export function journalFileOf(dir: string, record: number): string {
  return journals(dir).find((path) => readFileSync(join(dir, path)).includes(`\n${record} `)) ?? ""
}

export function lastRecord(dir: string): number {
  const lines = readFileSync(join(dir, newestJournal(dir)), "latin1").split("\n")
  return Number(lines.at(-3)?.split(" ")[0])
}

/** Two block texts in each other's place. */
export function exchangeInTail(dir: string): void {
  editText(dir, "log/tail", (text) => {
    const lines = text.split("\n")
    const [a = "", b = ""] = lines.slice(10, 12).map((line) => line.split(" ")[3])
    return lines.map((line) => (line.endsWith(a) ? line.replace(a, b) : line.replace(b, a))).join("\n")
  })
}

export function exchangeInBundle(dir: string): void {
  const bundle = "log/tile/entries/000"
  editText(dir, bundle, (text) => {
    const entries = decodeBundle(Buffer.from(text, "latin1"), 256)
    return Buffer.from(
      encodeBundle(
        entries.with(100, entries[101] ?? new Uint8Array()).with(101, entries[100] ?? new Uint8Array()),
      ),
    ).toString("latin1")
  })
}

export function putBackLog(dir: string, from: string): void {
  rmSync(join(dir, "log"), { recursive: true })
  cpSync(join(from, "log"), join(dir, "log"), { recursive: true })
}

export function putBack(dir: string, from: string): void {
  rmSync(dir, { recursive: true })
  cpSync(from, dir, { recursive: true })
}

/** First and last record of the block that holds it. */
export function blockAround(dir: string, record: number): string {
  const texts = readFileSync(join(dir, "log/tail"), "latin1")
    .split("\n")
    .filter((line) => line.startsWith("block "))
    .map((line) => Buffer.from(line.split(" ")[3] ?? "", "base64").toString())
  for (const text of texts) {
    const [first = 0, count = 0] = (text.split("\n")[3] ?? "").split(" ").map(Number)
    if (first <= record && record < first + count) return `${first}-${first + count - 1}`
  }
  return ""
}
