import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { Log } from "./log.ts"

/** How soon a line is written again of a trouble that lasts: a full disk refuses twice a second. */
const REMINDER_MS = 60_000
/** Troubles remembered; messages name files, and there are many of those. */
const TROUBLES_MAX = 100

/** What is not available now may be told with other numbers each time: bytes that wait, milliseconds. Damage has its own place. */
function saidBy({ code, message }: Refusal): string {
  return code.endsWith(".unavailable") ? message.replaceAll(/\d+/g, "#") : message
}

type Lasting = { readonly toldAt: number; readonly lastAt: number; readonly untold: number }

/**
 * The lines of refusals that come again and again: one when it begins, and one a minute while it lasts, with how many there
 * were. What has not come for a minute begins anew. Whatever is no refusal is a fault of ours and always written.
 */
export function troubleLog(log: Log, steadyMs: () => number): (trouble: unknown) => void {
  const lasting = new Map<string, Lasting>()
  return (trouble) => {
    if (!isRefusal(trouble)) return log.trouble("trouble", trouble)
    const now = steadyMs()
    const key = `${trouble.code} ${saidBy(trouble)}`
    const known = lasting.get(key)
    lasting.delete(key)
    if (known !== undefined && now - known.lastAt < REMINDER_MS && now - known.toldAt < REMINDER_MS) {
      lasting.set(key, { ...known, lastAt: now, untold: known.untold + 1 })
      return
    }
    lasting.set(key, { toldAt: now, lastAt: now, untold: 0 })
    for (const [oldest] of lasting) if (lasting.size > TROUBLES_MAX) lasting.delete(oldest)
    log.trouble("trouble", trouble, known === undefined || known.untold === 0 ? {} : { untold: known.untold })
  }
}
