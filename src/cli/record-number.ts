import { Refusal } from "../base/refusal.ts"

const RECORD = /^(?:0|[1-9]\d{0,15})$/

/** The number of a record, as queries show it. Refuses `usage`. */
export function recordNumber(text: string): number {
  const number = Number(text)
  if (RECORD.test(text) && Number.isSafeInteger(number)) return number
  throw new Refusal("usage", `expected the number of a record, saw ${JSON.stringify(text)}`)
}
