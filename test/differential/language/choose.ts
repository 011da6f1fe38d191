/** Chooses at random: the same choices for the same seed. */
export type Choose = {
  /** A whole number from 0 up to `bound`, which it never is. */
  below(bound: number): number
  one<T>(items: readonly T[]): T
  /** From one up to `most` of what `make` makes. */
  some<T>(most: number, make: () => T): readonly T[]
  /** `text` once in `times`, else nothing. */
  maybe(text: () => string, times?: number): string
}

export function openChoose(seed: number): Choose {
  const random = numbersFrom(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  return {
    below,
    one: <T>(items: readonly T[]) => items[below(items.length)] as T,
    some: (most, make) => Array.from({ length: 1 + below(most) }, make),
    maybe: (text, times = 3) => (below(times) === 0 ? text() : ""),
  }
}

/** Park and Miller's minimal standard. Its first numbers are small where the seed is: they are passed over. */
function numbersFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let i = 0; i < 10; i++) next()
  return next
}
