import { readFileSync } from "node:fs"
import { join } from "node:path"
import { utf8 } from "../../base/bytes.ts"
import type { Micros } from "../../base/time.ts"
import { RESERVED } from "../../event/record.ts"
import { type ClockJump, clockJump, heartbeat } from "../../journal/control.ts"
import { controlKindOf } from "../../journal/control-kind.ts"
import { journalName, journalNames } from "../../journal/files.ts"
import { groupLines, parseJournalLine, scanJournal } from "../../journal/line.ts"

/** What the newest files of a journal say. Reading them disturbs no server. */
export type JournalTail = {
  /** receivedAt of the first and the last record that was read. */
  readonly oldest: Micros | undefined
  readonly newest: Micros | undefined
  /** Record 0 is there: nothing came before. */
  readonly whole: boolean
  /** Of each source, when its newest event of a Kubernetes API server came. */
  readonly events: ReadonlyMap<string, Micros>
  /** Sources that ever sent anything, as the last heartbeat counts them. */
  readonly sources: readonly string[]
  readonly jumps: readonly ClockJump[]
}

/** Files are 64 MiB: at most so many are read. At low rates that is days, at 40,000 events a second some seconds. */
const FILES_MAX = 3

/** Throws what reading throws when there is no journal. */
export function readJournalTail(dir: string): JournalTail {
  const folder = join(dir, "journal")
  const events = new Map<string, Micros>()
  const jumps: ClockJump[] = []
  let sources: readonly string[] = []
  let oldest: Micros | undefined
  let newest: Micros | undefined
  const names = journalNames(folder).slice(-FILES_MAX)
  for (const name of names) {
    const bytes = readFileSync(join(folder, name))
    for (const group of scanJournal(bytes)) {
      for (const line of groupLines(bytes, group)) {
        const { source, kind, receivedAt, body } = parseJournalLine(line)
        oldest ??= receivedAt
        newest = receivedAt
        if (kind === "k8s.audit") events.set(source, receivedAt)
        if (kind !== RESERVED) continue
        const what = controlKindOf(body)
        const text = utf8(body) ?? ""
        if (what === "clock") jumps.push(clockJump.parse(text))
        if (what === "heartbeat") sources = heartbeat.parse(text).next.map(([name]) => name)
      }
    }
  }
  const whole = names[0] === journalName(0)
  return { oldest, newest, whole, events, sources: sources.filter((name) => name !== RESERVED), jumps }
}
