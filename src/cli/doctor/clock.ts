import { formatMicros } from "../../base/time.ts"
import { ask } from "./ask.ts"
import { bad, type Check, fine, type Patient, type Symptom, unknown, warning } from "./check.ts"

/** HTTP dates have whole seconds, and an answer takes a while. */
const APART_SECONDS_MAX = 5
/** A ledger's records are never ahead of its own clock by more than it clamps. */
const AHEAD_MICROS_MAX = 5_000_000
const FIX =
  "set the clock: chronyc tracking, or timedatectl set-ntp true. The ledger itself goes on and records the step"

export const clock: Check = {
  name: "clock",
  about: "this clock beside the server's, beside the newest record, and steps back the ledger recorded",
  async run(patient) {
    const symptoms = [...(await besideServer(patient)), ...(await besideLedger(patient))]
    return symptoms.length > 0 ? symptoms : [fine(`now is ${formatMicros(patient.now)}`)]
  },
}

async function besideServer({ server, serverGiven, now }: Patient): Promise<readonly Symptom[]> {
  if (!serverGiven) return [] // the same machine has the same clock
  const answer = await ask(new URL("/healthz", server))
  if (answer.kind === "silence" || answer.date === undefined) return []
  const apart = Math.round(Date.parse(answer.date) / 1000 - now / 1_000_000)
  if (!(Math.abs(apart) > APART_SECONDS_MAX)) return []
  return [
    bad(
      `the clock of ${server.host} is ${Math.abs(apart)} s ${apart > 0 ? "ahead of" : "behind"} the one here`,
      FIX,
    ),
  ]
}

async function besideLedger({ tail, now }: Patient): Promise<readonly Symptom[]> {
  const symptoms: Symptom[] = []
  let read: Awaited<ReturnType<typeof tail>>
  try {
    read = await tail()
  } catch {
    return [unknown("there is no journal to compare with", "see `journal`")]
  }
  const { newest, jumps } = read
  if (newest !== undefined && newest - now > AHEAD_MICROS_MAX) {
    symptoms.push(
      bad(
        `the newest record is of ${formatMicros(newest)}, ${secondsOf(newest - now)} s ahead of this clock`,
        FIX,
      ),
    )
  }
  // Ahead after a restart only says how long it was down.
  const back = jumps.filter(({ jumpMicros }) => jumpMicros < 0)
  const last = back.at(-1)
  if (last !== undefined) {
    symptoms.push(
      warning(
        `the clock stepped back ${back.length === 1 ? "once" : `${back.length} times`}, last by ${secondsOf(-last.jumpMicros)} s at ${formatMicros(last.after)}`,
        "let one service keep the clock, slewing instead of stepping: chrony or systemd-timesyncd, not both",
      ),
    )
  }
  return symptoms
}

function secondsOf(micros: number): string {
  return (micros / 1_000_000).toFixed(micros < 10_000_000 ? 1 : 0)
}
