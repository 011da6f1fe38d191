import type { Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { needingRows, printRowsSource, type RowsSource, readRowsSource, rowsIn } from "./rows_source.ts"

/** `| union (query)`: the rows, and after them the rows of another query. */
export const union: PipeWord = {
  word: "union",
  example: `verb:delete objectRef.resource:=secrets | union (objectRef.subresource:=exec) | sort by (_time)`,
  parse(reader) {
    reader.next()
    return unionPipe(readRowsSource(reader))
  },
}

function unionPipe(source: RowsSource): Pipe {
  return {
    word: "union",
    print: () => `union ${printRowsSource(source)}`,
    needs: (after) => after,
    ...needingRows(source, unionPipe),
    run: (next) => {
      const added = rowsIn(source)
      let more = true
      return {
        // What comes after the rows still comes when they are cut short; the rows behind see the same limit.
        take: (row) => {
          more = next.take(row)
          return more
        },
        end() {
          if (more) for (const row of added) if (!next.take(row)) break
          next.end()
        },
      }
    },
  }
}
