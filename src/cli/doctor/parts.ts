import { ask, jsonOf } from "./ask.ts"
import { bad, type Check, fine, type Symptom } from "./check.ts"

/** What to do about a part that /readyz calls down or degraded. */
const FIXES: Readonly<Record<string, string>> = {
  search:
    "intake goes on without it; the server starts it again by itself. If it stays down, raise search.memoryBytesMax and look at the log",
  journal:
    "senders hear 503 until it is writable: look at the disk (full, read-only, failing) and at the log",
  seal: "events are kept and answered, but nothing is sealed: run tallystick verify; the server's log says what to do",
}
const FIX_OTHER = "look at the server's log"

export const parts: Check = {
  name: "parts",
  about: "what the server says of its parts: journal, sealing, the search process",
  async run({ server }) {
    const answer = await ask(new URL("/readyz", server))
    if (answer.kind === "silence") return [] // `listening` says it
    const said = jsonOf(answer.body)?.parts
    if (!Array.isArray(said)) return []
    const unwell = said.flatMap(symptomOf)
    return unwell.length > 0 ? unwell : [fine("the server says that every part of it is well")]
  },
}

function symptomOf(part: unknown): readonly Symptom[] {
  const { part: name, state, reason } = Object(part) as Readonly<Record<string, unknown>>
  if (state === "ok") return []
  const saw = `${String(name)} is ${String(state)}${typeof reason === "string" ? `: ${reason}` : ""}`
  const fix = FIXES[String(name)] ?? FIX_OTHER
  return [bad(saw, fix)]
}
