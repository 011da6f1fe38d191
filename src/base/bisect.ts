/**
 * How many of `count` items stand before the first for which `isBefore` is false. Those for which it is true must all come
 * first. Asks for log2(count) of them.
 */
export function bisect(count: number, isBefore: (index: number) => boolean): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
