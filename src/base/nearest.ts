/** Words longer than this are compared by their beginning; hostile input must not cost n². */
const WORD_LENGTH_MAX = 64
/** Shorter beginnings say too little. */
const BEGINNING_LENGTH_MIN = 4

/**
 * The known word that was probably meant, or undefined when none is near: at most one slip for every three letters.
 * Slips are a letter too many, too few, wrong, or two swapped (optimal string alignment); case does not count.
 * Failing that, the first known word that begins with it.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const seen = word.toLowerCase().slice(0, WORD_LENGTH_MAX)
  const words = [...known] // keys() of a map can be gone through once
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(seen.length / 3)) + 1
  for (const candidate of words) {
    const count = slips(seen, candidate.toLowerCase().slice(0, WORD_LENGTH_MAX))
    if (count < fewest) [best, fewest] = [candidate, count]
  }
  return best ?? (seen.length < BEGINNING_LENGTH_MIN ? undefined : longer(seen, words))
}

function longer(beginning: string, known: readonly string[]): string | undefined {
  for (const candidate of known) if (candidate.toLowerCase().startsWith(beginning)) return candidate
  return undefined
}

function slips(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? a.length
}
