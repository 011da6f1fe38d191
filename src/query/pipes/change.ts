import { fieldValue, withField } from "../row.ts"
import type { Filter, Pipe } from "../tree.ts"
import { eachPipe } from "./each.ts"

/** A pipe that rewrites the value of one field; rows without it stay as they are. */
export function changePipe(pipe: {
  readonly word: string
  readonly text: string
  readonly field: string
  readonly when?: Filter | undefined
  readonly change: (value: string) => string
}): Pipe {
  const { word, text, field, when, change } = pipe
  return eachPipe({
    word,
    text,
    when,
    keepsRows: true,
    writes: [field],
    needs: (after) => after,
    step: (row) => {
      const value = fieldValue(row, field)
      return value === "" ? row : withField(row, field, change(value))
    },
  })
}
