import { addPatterns, removeFields } from "../fieldset.ts"
import { printFieldPattern, quoteIfNeeded } from "../quote.ts"
import { withField } from "../row.ts"
import { valuesIn } from "../stats/stats.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { printResultName, readField, readParenthesised, readPattern } from "./read.ts"

/** `| coalesce(a, b) default "none" as c`: the first of the fields that has a value. */
export const coalesce: PipeWord = {
  word: "coalesce",
  example: `verb:* | coalesce(impersonatedUser.username, user.username) as actor | top 5 by (actor)`,
  parse(reader) {
    reader.next()
    const start = reader.token
    const fields = readParenthesised(reader, "before the fields", readPattern)
    if (fields.length === 0) throw reader.refuse("coalesce needs a field", start)
    const otherwise = reader.skip("default") ? reader.compound("a value") : ""
    const to = reader.skip("as") ? readField(reader, "a name for the result") : "_msg"
    // In the order they are named, and those of one prefix in the row's.
    const readers = fields.map((field) => valuesIn([field]))
    return eachPipe({
      word: "coalesce",
      text: `(${fields.map(printFieldPattern).join(", ")})${
        otherwise === "" ? "" : ` default ${quoteIfNeeded(otherwise)}`
      }${printResultName(to)}`,
      keepsRows: true,
      writes: [to],
      needs: (after) => addPatterns(removeFields(after, [to]), fields),
      step: (row) => {
        const values = readers.flatMap((read) => read(row))
        return withField(row, to, values.find((value) => value !== "") ?? otherwise)
      },
    })
  },
}
