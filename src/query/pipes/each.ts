import { addFields, fieldsOf, matchesFilter, unionFields } from "../fieldset.ts"
import { formatFilter } from "../print.ts"
import type { MutableRow, Row } from "../row.ts"
import type { FieldSet, Filter, Pipe, RunScene } from "../tree.ts"

/** A pipe that looks at one row at a time: gives it changed, or undefined to drop it. */
export type EachPipe = {
  readonly word: string
  /** What stands behind the word and its condition. */
  readonly text: string
  /** Rows are never dropped. */
  readonly keepsRows: boolean
  /** Fields it may change. */
  readonly writes: readonly string[] | "any"
  /** `if (…)`: other rows pass as they are. */
  readonly when?: Filter | undefined
  readonly needs: (after: FieldSet) => FieldSet
  readonly step: (row: Row, scene: RunScene) => Row | MutableRow | undefined
}

export function eachPipe(each: EachPipe): Pipe {
  const { word, text, keepsRows, writes, needs, when } = each
  const step = stepWhere(each)
  const condition = when === undefined ? "" : ` if (${formatFilter(when)})`
  return {
    word,
    print: () => word + condition + text,
    needs:
      when === undefined ? needs : (after) => addFields(unionFields(after, needs(after)), fieldsOf(when)),
    shape: { kind: "each", keepsRows, writes },
    run: (next, scene) => ({
      take: (row) => {
        const changed = step(row, scene)
        return changed === undefined ? true : next.take(changed)
      },
      end: () => next.end(),
    }),
    ...(when === undefined
      ? {}
      : { filters: [when], withFilters: ([answered]) => eachPipe({ ...each, when: answered }) }),
  }
}

function stepWhere({ when, step }: EachPipe): EachPipe["step"] {
  if (when === undefined) return step
  return (row, scene) => (matchesFilter(when, row, scene) ? step(row, scene) : row)
}
