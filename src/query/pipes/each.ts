import type { MutableRow, Row } from "../row.ts"
import type { FieldSet, Pipe, RunScene } from "../tree.ts"

/** A pipe that looks at one row at a time: gives it changed, or undefined to drop it. */
export type EachPipe = {
  readonly word: string
  readonly text: string
  /** Rows are never dropped. */
  readonly keepsRows: boolean
  /** Fields it may change. */
  readonly writes: readonly string[] | "any"
  readonly needs: (after: FieldSet) => FieldSet
  readonly step: (row: Row, scene: RunScene) => Row | MutableRow | undefined
}

export function eachPipe({ word, text, keepsRows, writes, needs, step }: EachPipe): Pipe {
  return {
    word,
    print: () => text,
    needs,
    shape: { kind: "each", keepsRows, writes },
    run: (next, scene) => ({
      take: (row) => {
        const changed = step(row, scene)
        return changed === undefined ? true : next.take(changed)
      },
      end: () => next.end(),
    }),
  }
}
