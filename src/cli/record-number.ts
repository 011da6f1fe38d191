import { countIn } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"

/** The number of a record, as queries show it. Refuses `usage`. */
export function recordNumber(text: string): number {
  const number = countIn(text)
  if (number !== undefined) return number
  throw new Refusal("usage", `expected the number of a record, saw ${JSON.stringify(text)}`)
}
