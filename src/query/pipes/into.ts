import type { Reader } from "../reader.ts"
import { fieldValue, withField } from "../row.ts"
import type { Pipe } from "../tree.ts"
import { printField } from "../quote.ts"
import { eachPipe } from "./each.ts"
import { neededFor } from "./overwrite.ts"
import { printResultName, readField, readResultName } from "./read.ts"

/** `word(a) as b`, also `word a b`: what `compute` makes of one field goes into another, the message by default. */
export function readInto(reader: Reader, compute: (value: string) => string): Pipe {
  const { word } = reader
  reader.next()
  const inside = reader.skip("(")
  const from = readField(reader)
  if (inside) reader.expect(")", `after the field of ${word}()`)
  const to = readResultName(reader) ?? "_msg"
  return intoPipe({ word, text: `(${printField(from)})${printResultName(to)}`, from, to, compute })
}

/** A pipe that makes one field of another. */
export function intoPipe(pipe: {
  readonly word: string
  readonly text: string
  readonly from: string
  readonly to: string
  readonly compute: (value: string) => string
}): Pipe {
  const { word, text, from, to, compute } = pipe
  return eachPipe({
    word,
    text,
    keepsRows: true,
    writes: [to],
    needs: neededFor([to], [from]),
    step: (row) => withField(row, to, compute(fieldValue(row, from))),
  })
}
