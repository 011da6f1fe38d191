import { formatMicros } from "../../base/time.ts"
import { bad, type Check, fine, type Symptom, unknown } from "./check.ts"
import type { JournalTail } from "./journal-tail.ts"

const MINUTE_MICROS = 60_000_000
const FIX =
  "on the API server: --audit-policy-file and --audit-webhook-config-file are set and its pod was restarted; the webhook's log lines in it (audit webhook); a curl from there to /healthz here; the credential and its source"

export const sending: Check = {
  name: "sending",
  about: "every source of a Kubernetes API server sent something lately",
  async run(patient) {
    const { tail, now, silentMinutes, searchEvents } = patient
    let read: JournalTail
    try {
      read = await tail()
    } catch {
      return [unknown("there is no journal to look into", "see `journal`")]
    }
    const { sources, oldest, whole } = read
    // A busy ledger's journal reaches back some seconds only.
    const reaches = whole || now - (oldest ?? now) >= silentMinutes * MINUTE_MICROS
    const events = reaches ? read.events : new Map([...(await searchEvents()), ...read.events])
    const since =
      reaches && oldest !== undefined ? `since ${formatMicros(oldest)}` : `for ${silentMinutes} min`
    const symptoms: Symptom[] = [...events].map(([source, at]) => {
      const minutes = Math.floor((now - at) / MINUTE_MICROS)
      const saw = `${source} sent its newest event ${minutes < 1 ? "less than a minute" : `${minutes} min`} ago`
      return minutes <= silentMinutes ? fine(saw) : bad(saw, FIX)
    })
    for (const source of sources) {
      if (!events.has(source)) symptoms.push(bad(`${source} sent no event of an API server ${since}`, FIX))
    }
    return symptoms.length > 0 ? symptoms : [bad(`no API server has sent anything ${since}`, FIX)]
  },
}
