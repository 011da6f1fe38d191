/** Our own claim is false: a bug. Never caught, never used on input; the process ends with exit code 70. */
export class Bug extends Error {
  override readonly name = "Bug"
}

/** States what must be true if our code is right. */
export function assert(claim: unknown, message: string): asserts claim {
  if (!claim) throw new Bug(message)
}
