import type { PipeWord } from "../word.ts"
import { changePipe } from "./change.ts"
import { atPipeEnd, readField } from "./read.ts"
import { printField } from "../quote.ts"

/** Control sequences of terminals (ECMA-48: ESC `[`, parameters, a final byte): colours, and also moves of the cursor. */
const SEQUENCE = /\u001b\[[0-?]*[ -/]*[@-~]/g

/** `| decolorize a`: drops colours of terminals. */
export const decolorize: PipeWord = {
  word: "decolorize",
  example: `kind:=log | decolorize | fields _time, _msg`,
  parse(reader) {
    reader.next()
    const field = atPipeEnd(reader) ? "_msg" : readField(reader)
    return changePipe({
      word: "decolorize",
      text: field === "_msg" ? "" : ` ${printField(field)}`,
      field,
      change: (value) => value.replace(SEQUENCE, ""),
    })
  },
}
