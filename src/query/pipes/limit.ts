import type { Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { atPipeEnd } from "./read.ts"

const ROWS_DEFAULT = 10

/** `| limit N`: the first N rows that come; which ones these are, only `sort` says. */
export const limit: PipeWord = {
  word: "limit",
  aliases: ["head"],
  example: `verb:delete | limit 20`,
  parse(reader) {
    reader.next()
    return limitPipe(atPipeEnd(reader) ? ROWS_DEFAULT : reader.count("a number of rows"))
  },
}

function limitPipe(rows: number): Pipe {
  return {
    word: "limit",
    print: () => `limit ${rows}`,
    needs: (after) => after,
    shape: { kind: "limit", rows },
    join: ({ shape }) => (shape?.kind === "limit" ? limitPipe(Math.min(rows, shape.rows)) : undefined),
    run(next) {
      let left = rows
      return {
        take: (row) => {
          if (left === 0) return false
          left--
          return next.take(row) && left > 0
        },
        end: () => next.end(),
      }
    },
  }
}
