import { NO_FIELDS } from "../fieldset.ts"
import { QUERY_LIMITS } from "../limits.ts"
import { newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"

/** `| generate_sequence N`: instead of the rows that come, N rows with 0, 1, … in `_msg`; to try pipes on. */
export const generateSequence: PipeWord = {
  word: "generate_sequence",
  example: `* | generate_sequence 24 | math _msg * 3600 as second | format "<time:second>" as hour`,
  parse(reader) {
    reader.next()
    const start = reader.token
    const rows = reader.count("a number of rows")
    if (rows === 0) throw reader.refuse("expected a number of rows above 0", start)
    const most = QUERY_LIMITS.generatedRowsMax
    if (rows > most) throw reader.refuse(`more than ${most} rows`, start, "query.tooLarge")
    return {
      word: "generate_sequence",
      print: () => `generate_sequence ${rows}`,
      needs: () => NO_FIELDS,
      onlyField: "_msg",
      run: (next) => ({
        take: () => false,
        end() {
          for (let i = 0; i < rows; i++) {
            const row = newRow()
            row._msg = String(i)
            if (!next.take(row)) break
          }
          next.end()
        },
      }),
    }
  },
}
