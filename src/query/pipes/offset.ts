import type { Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"

/** `| offset N`: leaves out the first N rows. */
export const offset: PipeWord = {
  word: "offset",
  aliases: ["skip"],
  example: `verb:delete | sort by (_time desc) | offset 100 | limit 50`,
  parse(reader) {
    reader.next()
    return offsetPipe(reader.count("a number of rows"))
  },
}

function offsetPipe(rows: number): Pipe {
  return {
    word: "offset",
    print: () => `offset ${rows}`,
    needs: (after) => after,
    shape: { kind: "offset", rows },
    join: (next) => (next.shape?.kind === "offset" ? offsetPipe(rows + next.shape.rows) : undefined),
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
}
