import { formatMicros, type Micros } from "../base/time.ts"
import type { Damage, Verdict } from "../seal/verdict.ts"
import type { World } from "./command.ts"
import { formatSeconds } from "./progress.ts"
import { escapeText, paintFor } from "./terminal.ts"

/** Damages shown to people; `--json` has them all. */
const SHOWN_MAX = 200

const ANSWERS: Readonly<Record<Verdict["answer"], string>> = {
  fine: "fine",
  tampered: "tampered",
  unknown: "could not tell",
}
const COLOURS = { fine: "green", tampered: "red", unknown: "yellow" } as const

/** A verdict for people: the answer first, then all damage, then what it rests on. */
export function formatVerdict(verdict: Verdict, now: Micros, world: Pick<World, "stdout" | "env">): string {
  const paint = paintFor(world.stdout, world.env)
  const { answer, damages, doubts, notes, purged } = verdict
  const shown = damages.slice(0, SHOWN_MAX)
  const hidden = damages.length - shown.length
  const lines = [
    `${paint[COLOURS[answer]](ANSWERS[answer])}: ${escapeText(verdict.origin === "" ? "a ledger without a checkpoint" : verdict.origin)}`,
    ...shown.map((damage) => `  ${paint.red(escapeText(headOf(damage)))}${escapeText(detailOf(damage))}`),
    ...(hidden > 0 ? [`  and ${hidden} more; --json lists all`] : []),
    ...doubts.map((doubt) => `  ${paint.yellow("doubt")} ${escapeText(doubt)}`),
    ...purged.map(({ first, last, reason }) => `  purged ${range({ first, last })}: ${escapeText(reason)}`),
    ...notes.map((note) => paint.dim(`  note ${escapeText(note)}`)),
    `  holds      ${countsOf(verdict)}`,
    `  newest     ${newestOf(verdict.newest, now)}`,
    `  rests on   ${escapeText(["the keys given", ...verdict.restsOn].join(", "))}${verdict.restsOn.length === 0 ? ": it cannot tell whether newer blocks were cut off" : ""}`,
  ]
  return lines.map((line) => `${line}\n`).join("")
}

/** `record changed 1234-1240` */
function headOf(damage: Damage): string {
  return `${damage.thing} ${damage.cause}${damage.first === undefined ? "" : ` ${range(damage)}`}`
}

function range({ first, last }: Pick<Damage, "first" | "last">): string {
  return first === last || last === undefined ? String(first) : `${first}-${last}`
}

function detailOf({ path, detail }: Damage): string {
  return `${path === undefined ? "" : `  ${path}`}${detail === "" ? "" : `: ${detail}`}`
}

function countsOf({ records, blocks, segments, unsealed }: Verdict): string {
  const count = (n: number, one: string) => `${n.toLocaleString("en-US")} ${one}${n === 1 ? "" : "s"}`
  const waiting = unsealed === 0 ? "" : `, ${count(unsealed, "record")} not sealed yet`
  return `${count(records, "record")} in ${count(blocks, "block")}, ${count(segments, "segment")}${waiting}`
}

function newestOf(newest: Micros | undefined, now: Micros): string {
  if (newest === undefined) return "no block"
  return `sealed at ${formatMicros(newest)}, ${formatSeconds(Math.max(0, (now - newest) / 1e6))} ago`
}
