/** Whether it is a number that counts something: an integer from 0 up to which JavaScript's are exact, 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** The count that a text writes in decimal digits, with none in vain before it; undefined for any other text. */
export function countIn(text: string): number | undefined {
  const count = Number(text)
  return /^(?:0|[1-9]\d{0,15})$/.test(text) && isCount(count) ? count : undefined
}
