import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"

/** `| sample N`: one row in N, chosen at random. */
export const sample: PipeWord = {
  word: "sample",
  example: `verb:watch | sample 100 | top 5 by (user.username)`,
  parse(reader) {
    reader.next()
    const start = reader.token
    const of = reader.count("a number of rows")
    if (of === 0) throw reader.refuse("sample needs a number above 0", start)
    return eachPipe({
      word: "sample",
      text: ` ${of}`,
      keepsRows: false,
      writes: [],
      needs: (after) => after,
      step: (row, scene) => (scene.random() * of < 1 ? row : undefined),
    })
  },
}
