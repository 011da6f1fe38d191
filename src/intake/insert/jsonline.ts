import { itemsIn, type Keeper } from "./keeper.ts"
import { linesOf, restFrom } from "./lines.ts"

/**
 * `/insert/jsonline`: JSON lines, one JSON array, or objects one after the other. A body without any JSON in it is taken
 * line by line all the same: each is kept and none is understood.
 */
export function* keepJsonLines(body: Uint8Array, keeper: Keeper): Generator<void, true> {
  const items = itemsIn(body)
  for (const item of items) {
    keeper.item(body.subarray(item.start, item.end), item)
    yield
  }
  if (items.length > 0) return true
  for (const line of linesOf(body)) {
    if (keeper.isFull) {
      keeper.faulty(restFrom(body, line), "tooMany")
      return true
    }
    keeper.faulty(line, "syntax")
    yield
  }
  return true
}
