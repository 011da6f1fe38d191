import type { PipeWord } from "../word.ts"
import { changePipe } from "./change.ts"
import { printSource, readAt, readCondition } from "./read.ts"

/** `| collapse_nums at a prettify`: numbers become `<N>`, so that lines that differ only in them are the same. */
export const collapseNums: PipeWord = {
  word: "collapse_nums",
  example: `responseStatus.code:>=500 | collapse_nums at responseStatus.message prettify | top 5 by (responseStatus.message)`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const field = readAt(reader)
    const prettify = reader.skip("prettify")
    return changePipe({
      word: "collapse_nums",
      text: `${printSource("at", field)}${prettify ? " prettify" : ""}`,
      when,
      field,
      change: (value) => (prettify ? nameShapes(collapse(value)) : collapse(value)),
    })
  },
}

/**
 * A run of hexadecimal digits is a number when it is decimal or has an even length of four and more, and no letter or
 * digit stands beside it but units and marks: `10ms`, `T12:30`, `v1`, `0x12`.
 */
const NUMBER =
  /(?<![0-9A-SU-WYZa-gi-ln-rtuwyz])(?:[0-9]+|(?:[0-9A-Fa-f]{2}){2,})(?![0-9A-SU-Ya-gi-lo-rtv-z])/g

function collapse(value: string): string {
  return value.replace(NUMBER, "<N>")
}

/** What several numbers in a row are, most specific first. */
const SHAPES: readonly (readonly [shape: RegExp, name: string])[] = [
  [/<N>-<N>-<N>-<N>-<N>/g, "<UUID>"],
  [/<N>\.<N>\.<N>\.<N>/g, "<IP4>"],
  [/<N>:<N>:<N>(?:[.,]<N>)?/g, "<TIME>"],
  [/<N>([-/])<N>\1<N>/g, "<DATE>"],
  [/<DATE>[T ]<TIME>(?:Z|[-+]<N>:<N>)?/g, "<DATETIME>"],
]

function nameShapes(text: string): string {
  return SHAPES.reduce((shaped, [shape, name]) => shaped.replace(shape, name), text)
}
