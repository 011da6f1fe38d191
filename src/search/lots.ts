import { type Part, type PartSizes, partsInOrder, type Where } from "./parts.ts"
import type { Source } from "./snapshot.ts"

/** Sources that are about to be read, and which of their records are shown. */
export type Lot = { readonly sources: readonly Source[]; readonly where: Where }

/**
 * Looks at sources just before they are read: without files that are no longer what they were, and with what is to be hidden
 * in the others. Each file costs a question to the system, and once in its life a look at its statistics, a millisecond:
 * of ten thousand only those are asked that are reached.
 */
export type Choose = (sources: readonly Source[]) => Promise<Lot>

/** Sources looked at together: few at first, since an answer may be among them. */
const LOT_FIRST = 8
const LOT_GROWTH = 4
const LOT_MAX = 256

/** The sources in their order as parts, looked at lot by lot as parts are asked for. */
export async function* partsAsRead(
  sources: readonly Source[],
  choose: Choose,
  { startRows = Number.POSITIVE_INFINITY, ...sizes }: PartSizes = {},
): AsyncGenerator<Part> {
  let rowsMax = startRows
  let size = LOT_FIRST
  for (let at = 0; at < sources.length; ) {
    const lot = await choose(sources.slice(at, at + size))
    const parts = partsInOrder(lot.sources, lot.where, { ...sizes, startRows: rowsMax })
    yield* parts
    rowsMax *= 3 ** parts.length
    at += size
    size = Math.min(LOT_MAX, size * LOT_GROWTH)
  }
}
