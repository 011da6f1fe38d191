/** Whether it is a number that counts something: an integer from 0 up to which JavaScript's are exact, 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
