/** What a run generates: `SEEDS=1,2,3` or `SEEDS=1-30`, and `QUERIES=1000` of each. */
export type Seeds = { readonly seeds: readonly number[]; readonly count: number }

export function fromEnvironment(usual: Seeds): Seeds {
  const { SEEDS, QUERIES } = process.env
  return {
    seeds: SEEDS === undefined ? usual.seeds : SEEDS.split(",").flatMap(rangeOf),
    count: QUERIES === undefined ? usual.count : numberOf(QUERIES),
  }
}

function rangeOf(text: string): readonly number[] {
  const [first = "", last = first] = text.split("-")
  const [from, to] = [numberOf(first), numberOf(last)]
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function numberOf(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`expected a number above 0, not ${text}`)
  return number
}
