import type { PipeWord } from "../word.ts"
import { xxhash64 } from "../xxhash64.ts"
import { readInto } from "./into.ts"

const encoder = new TextEncoder()
/** The bits that a number keeps exactly, also in other programs. */
const BITS_KEPT = 2n ** 53n - 1n

/** `| hash(a) as b`: a number that is the same for the same value. VictoriaLogs gives the same one. Proves nothing. */
export const hash: PipeWord = {
  word: "hash",
  example: `verb:create | hash(user.username) as who | fields who, objectRef.name`,
  parse: (reader) => readInto(reader, (value) => String(xxhash64(encoder.encode(value)) & BITS_KEPT)),
}
