import { Refusal } from "../base/refusal.ts"

/** A body that is refused for its size: `bytesSeen` is how much of it there is at least, as sent or unpacked. */
export function tooLarge(bodyBytesMax: number, bytesSeen: number): Refusal {
  const message = `expected a body of at most ${bodyBytesMax} bytes, saw ${bytesSeen}`
  return new Refusal("body.tooLarge", message, { bodyBytesMax, bytesSeen })
}
