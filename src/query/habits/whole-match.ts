import { quoteIfNeeded } from "../quote.ts"

const PLAIN = "[\\p{L}\\p{Nd}_:/@ -]+"
const ALTERNATIVES = new RegExp(`^${PLAIN}(\\|${PLAIN})*$`, "u")
const AROUND = new RegExp(`^\\.\\*(${PLAIN})\\.\\*$`, "u")
const BEGINNING = new RegExp(`^(${PLAIN})\\.\\*$`, "u")

/** A regular expression that must match the whole value, as in LogQL; LogsQL's own match anywhere. */
export function wholeMatch(field: string, source: string): string {
  if (source === ".*") return "*"
  if (source === ".+") return `${field}*`
  if (ALTERNATIVES.test(source)) {
    const values = source.split("|").map(quoteIfNeeded)
    return values.length === 1 ? `${field}=${values[0]}` : `${field}in(${values.join(",")})`
  }
  const around = AROUND.exec(source)?.[1]
  if (around !== undefined) return `${field}~${quoteIfNeeded(around)}`
  const beginning = BEGINNING.exec(source)?.[1]
  if (beginning !== undefined) return `${field}=${quoteIfNeeded(beginning)}*`
  return `${field}~${quoteIfNeeded(`^(?:${source})$`)}`
}
