import { fieldSet, intersectFields } from "../fieldset.ts"
import { printFieldPattern } from "../quote.ts"
import { fieldValue, newRow } from "../row.ts"
import type { Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { readList, readPattern } from "./read.ts"

/** `| fields a, b*`: keeps these fields only. */
export const fields: PipeWord = {
  word: "fields",
  aliases: ["keep"],
  example: `verb:delete | fields _time, user.username, objectRef*`,
  parse(reader) {
    reader.next()
    return fieldsPipe(readList(reader, readPattern))
  },
}

function fieldsPipe(patterns: readonly string[]): Pipe {
  const set = fieldSet(patterns)
  const names = patterns.filter((pattern) => !pattern.endsWith("*"))
  const text = patterns.map(printFieldPattern).join(", ")
  const pipe = eachPipe({
    word: "fields",
    text: ` ${text}`,
    keepsRows: true,
    writes: [],
    needs: (after) => intersectFields(after, set),
    step: (row) => {
      // In the order they are named.
      const kept = newRow()
      for (const pattern of patterns) {
        if (!pattern.endsWith("*")) kept[pattern] = fieldValue(row, pattern)
        else
          for (const name of Object.keys(row))
            if (name.startsWith(pattern.slice(0, -1))) kept[name] = fieldValue(row, name)
      }
      return kept
    },
  })
  const perStep = () => fieldsPipe(["_time", ...patterns])
  const only = patterns.length === 1 && names.length === 1 ? { onlyField: names[0] ?? "" } : {}
  return { ...pipe, ...only, perStep }
}
