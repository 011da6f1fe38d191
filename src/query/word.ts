import type { Reader } from "./reader.ts"
import type { Filter, Pipe } from "./tree.ts"

/** A file in filters/: what stands behind `field:`, or a function's name and its arguments. */
export interface FilterWord {
  readonly word: string
  readonly example: string
  /** Called with the reader on the word (or sign); `field` is undefined where none was named. */
  parse(reader: Reader, field: string | undefined): Filter
}

/** A file in pipes/. The reader stands on the word. */
export interface PipeWord {
  readonly word: string
  readonly aliases?: readonly string[]
  readonly example: string
  parse(reader: Reader): Pipe
}
