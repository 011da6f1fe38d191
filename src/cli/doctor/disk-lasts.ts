import type { Micros } from "../../base/time.ts"
import { cataloguePath, readCatalogue } from "../../store/catalogue.ts"
import { type FileSystem, fine, type Symptom, warning } from "./check.ts"

const HOUR_MICROS = 3_600_000_000
/** What came in so long: weekdays and weekends. */
const WINDOW_HOURS = 7 * 24
/** A weekend and a morning: whoever is away on Friday finds room on Monday. */
const HOURS_MIN = 72
const MiB = 1024 ** 2

/** How long the disk lasts at the rate at which segments grew lately; nothing where there are none of an hour. */
export async function diskLasts(
  { dir, now, usePercentMax }: { readonly dir: string; readonly now: Micros; readonly usePercentMax: number },
  { blocks, bfree, bavail, bsize }: FileSystem,
): Promise<readonly Symptom[]> {
  const { entries } = await readCatalogue(cataloguePath(dir))
  const replaced = new Set(entries.flatMap(({ replaces }) => replaces))
  const recent = entries.filter(
    ({ name, receivedMax }) => !replaced.has(name) && receivedMax > now - WINDOW_HOURS * HOUR_MICROS,
  )
  const since = Math.min(...recent.map(({ receivedMin }) => receivedMin))
  const hours = (now - since) / HOUR_MICROS
  if (recent.length === 0 || hours < 1) return []
  const perHour = recent.reduce((sum, { bytes }) => sum + bytes, 0) / hours
  const used = blocks - bfree
  const room = Math.max(0, ((used + bavail) * usePercentMax) / 100 - used) * bsize
  const left = Math.floor(room / perHour)
  const saw = `segments grew by ${(perHour / MiB).toFixed(1)} MiB an hour in the last ${Math.round(hours)} h: the disk lasts ${left.toLocaleString("en-US")} h at that rate`
  const fix = "enlarge the disk, or record less: tallystick policy advise says of what there is most"
  return [left < HOURS_MIN ? warning(saw, fix) : fine(saw)]
}
