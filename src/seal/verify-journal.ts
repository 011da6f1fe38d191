import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { PlacedRecord } from "../event/record.ts"
import { journalNames } from "../journal/files.ts"
import { groupLines, parseJournalLine, scanJournal } from "../journal/line.ts"
import { chainRuns, type FoundFile, findRuns, type Run, straysOf } from "../journal/runs.ts"
import type { Damage } from "./verdict.ts"

export type JournalFound = {
  /** Records it holds: from, up to and without next; equal where it holds none. */
  readonly from: number
  readonly next: number
  readonly damages: readonly Damage[]
  readonly notes: readonly string[]
  readonly doubts: readonly string[]
  /** Its records in order, those of overlapping copies once. One file in memory at a time. */
  records(from: number): Generator<PlacedRecord, void>
}

/** Reads every group of the journal and checks its CRC; what belongs to no group is damage, or the rest of a crash. */
export function verifyJournal(ledgerDir: string): JournalFound {
  const dir = join(ledgerDir, "journal")
  const files = namesIn(dir).map((name): FoundFile => {
    const bytes = readFileSync(join(dir, name))
    return { name, bytes: bytes.length, runs: findRuns(name, bytes) }
  })
  const chain = chainRuns(files.flatMap(({ runs }) => runs))
  const from = chain[0]?.first ?? 0
  return {
    from,
    next: chain.at(-1)?.next ?? from,
    ...judge(dir, files, chain),
    records: (start) => readRuns(dir, chain, start),
  }
}

function judge(
  dir: string,
  files: readonly FoundFile[],
  chain: readonly Run[],
): Pick<JournalFound, "damages" | "notes" | "doubts"> {
  const damages: Damage[] = []
  const notes: string[] = []
  const doubts: string[] = []
  const newest = files.at(-1)
  for (const stray of files.flatMap(straysOf)) {
    const path = `journal/${stray.file}`
    if (stray.file !== newest?.name || stray.end !== newest.bytes) {
      const detail = `bytes ${stray.start} to ${stray.end - 1} are no group whose CRC agrees`
      damages.push({ thing: "journal", cause: "changed", path, detail })
    } else if (endsCommitted(join(dir, stray.file), stray)) {
      doubts.push(
        `the newest group of ${path} has its commit line, but its CRC does not agree: changed, or torn by a power cut`,
      )
    } else notes.push(`${path} ends with ${stray.end - stray.start} bytes that were never acknowledged`)
  }
  for (const [i, run] of chain.entries()) {
    const before = chain[i - 1]
    if (before === undefined || before.next === run.first) continue
    const range = { first: before.next, last: run.first - 1 }
    const detail = "no group of the journal holds them any more"
    damages.push({ thing: "journal", cause: "missing", ...range, path: `journal/${run.file}`, detail })
  }
  return { damages, notes, doubts }
}

function* readRuns(dir: string, chain: readonly Run[], start: number): Generator<PlacedRecord, void> {
  let open: { readonly name: string; readonly bytes: Buffer } | undefined
  for (const run of chain) {
    if (run.next <= start) continue
    if (open?.name !== run.file) open = { name: run.file, bytes: readFileSync(join(dir, run.file)) }
    for (const group of scanJournal(open.bytes.subarray(run.start, run.end))) {
      for (const line of groupLines(open.bytes.subarray(run.start, run.end), group)) {
        const record = parseJournalLine(line)
        if (record.number >= start && record.number < run.next) yield record
      }
    }
  }
}

/** Whether the bytes end with a whole commit line: a write that was cut short seldom does. */
function endsCommitted(
  path: string,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  const text = readFileSync(path).toString("latin1", start, end)
  return /(^|\n)commit \d+ \d+ \d+ [0-9a-f]{8}\n$/.test(text)
}

function namesIn(dir: string): string[] {
  try {
    return journalNames(dir)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return []
    throw error
  }
}
