import { isRefusal } from "../base/refusal.ts"
import { type Group, groupLines, parseJournalLine } from "./line.ts"

/** Neighbouring lines of a group, all of which can be read; the group alone where that is all of them. */
export type Piece = Group & {
  /** The group they stand in, where it has other lines too. `commit` and `end` are the end of the piece's lines then. */
  readonly of?: Group
}

/**
 * What can be read of a group whose CRC agrees. A line that is none all the same was written so (by another version, by a
 * fault of ours) or repaired by somebody who edited it; either way its neighbours are as they were acknowledged.
 */
export function* piecesOf(file: Uint8Array, group: Group): Generator<Piece, void> {
  let at = group.start
  let [start, first, count] = [at, group.first, 0]
  let whole = true
  for (const line of groupLines(file, group)) {
    const number = first + count
    at += line.length
    if (isLine(line, number)) {
      count++
      continue
    }
    whole = false
    if (count > 0)
      yield { ...group, first, count, start, commit: at - line.length, end: at - line.length, of: group }
    ;[start, first, count] = [at, number + 1, 0]
  }
  if (whole) yield group
  else if (count > 0) yield { ...group, first, count, start, of: group }
}

function isLine(line: Uint8Array, number: number): boolean {
  try {
    return parseJournalLine(line).number === number
  } catch (error) {
    if (isRefusal(error)) return false
    throw error
  }
}
