import type { PipeWord } from "../word.ts"

/** `| offset N`: leaves out the first N rows. */
export const offset: PipeWord = {
  word: "offset",
  aliases: ["skip"],
  example: `verb:delete | sort by (_time desc) | offset 100 | limit 50`,
  parse(reader) {
    reader.next()
    const rows = reader.count("a number of rows")
    return {
      word: "offset",
      print: () => `offset ${rows}`,
      needs: (after) => after,
      shape: { kind: "offset", rows },
      run(next) {
        let left = rows
        return {
          take: (row) => {
            if (left === 0) return next.take(row)
            left--
            return true
          },
          end: () => next.end(),
        }
      },
    }
  },
}
