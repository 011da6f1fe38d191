import type { PipeWord } from "../word.ts"
import { readInto } from "./into.ts"

const encoder = new TextEncoder()

/** `| len(a) as b`: the bytes in a value. */
export const len: PipeWord = {
  word: "len",
  example: `verb:create | len(requestURI) as uriBytes | sort by (uriBytes desc) limit 10`,
  parse: (reader) => readInto(reader, (value) => String(encoder.encode(value).length)),
}
