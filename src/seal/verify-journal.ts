import { isRefusal } from "../base/refusal.ts"
import type { PlacedRecord } from "../event/record.ts"
import { groupLines, parseJournalLine, scanJournal } from "../journal/line.ts"
import { chainRuns, type FoundFile, findRuns, type Run, straysOf } from "../journal/runs.ts"
import type { OpenFile } from "./snapshot.ts"
import type { Damage } from "./verdict.ts"

export type JournalFound = {
  /** Records it holds: from, up to and without next; equal where it holds none. */
  readonly from: number
  readonly next: number
  readonly damages: readonly Damage[]
  readonly notes: readonly string[]
  readonly doubts: readonly string[]
  /**
   * Its records in order, those of overlapping copies once. One file in memory at a time. A line that is none, whose
   * group agrees with its CRC all the same, is left out, and told.
   */
  records(from: number, onMalformed?: (record: number) => void): Generator<PlacedRecord, void>
}

/** Reads every group of the journal and checks its CRC; what belongs to no group is damage, or the rest of a crash. */
export function verifyJournal(open: readonly OpenFile[]): JournalFound {
  const files = open.map((file): FoundFile & OpenFile => {
    const bytes = file.read()
    return { ...file, bytes: bytes.length, runs: findRuns(file.name, bytes) }
  })
  const chain = chainRuns(files.flatMap(({ runs }) => runs))
  const from = chain[0]?.first ?? 0
  return {
    from,
    next: chain.at(-1)?.next ?? from,
    ...judge(files, chain),
    records: (start, onMalformed) => readRuns(files, chain, { start, onMalformed }),
  }
}

function judge(
  files: readonly (FoundFile & OpenFile)[],
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
    } else if (endsCommitted(newest.read(), stray)) {
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

function* readRuns(
  files: readonly OpenFile[],
  chain: readonly Run[],
  {
    start,
    onMalformed,
  }: { readonly start: number; readonly onMalformed: ((record: number) => void) | undefined },
): Generator<PlacedRecord, void> {
  let open: { readonly name: string; readonly bytes: Buffer } | undefined
  for (const run of chain) {
    if (run.next <= start) continue
    if (open?.name !== run.file) {
      const file = files.find(({ name }) => name === run.file)
      open = { name: run.file, bytes: file?.read() ?? Buffer.alloc(0) }
    }
    const bytes = open.bytes.subarray(run.start, run.end)
    for (const group of scanJournal(bytes)) {
      let number = group.first
      for (const line of groupLines(bytes, group)) {
        const record = parsed(line)
        if (record?.number !== number) onMalformed?.(number)
        else if (number >= start && number < run.next) yield record
        number++
      }
    }
  }
}

function parsed(line: Uint8Array): PlacedRecord | undefined {
  try {
    return parseJournalLine(line)
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

/** Whether the bytes end with a whole commit line: a write that was cut short seldom does. */
function endsCommitted(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  const text = bytes.toString("latin1", start, end)
  return /(^|\n)commit \d+ \d+ \d+ [0-9a-f]{8}\n$/.test(text)
}
