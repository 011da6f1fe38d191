import type { Micros } from "../base/time.ts"
import type { Attributes } from "./policy.ts"
import type { Sizes } from "./sighting.ts"
import { Telling, type ToldApart } from "./told-apart.ts"
import { type Cell, CELLS_MAX, EXAMPLES_MAX, type TakeCells, type Tally } from "./traffic.ts"

export type CellSumOptions = {
  readonly onCells: TakeCells
  /** As of the traffic that the cells are from. */
  readonly apart: ToldApart
  readonly cellsMax?: number
}

/**
 * Puts together parts of cells that were summed up apart, in memory with the same limit; hands them on in the order of their
 * first events, whatever the order the parts came in.
 */
export class CellSum {
  readonly #options: CellSumOptions
  readonly #telling: Telling
  readonly #cells = new Map<string, { readonly attributes: Attributes; readonly tallies: Tally[] }>()
  #whole = true

  constructor(options: CellSumOptions) {
    this.#options = options
    this.#telling = new Telling(options.apart)
  }

  /** `whole` as their traffic says it. */
  add(cells: readonly Cell[], whole: boolean): void {
    if (!whole) this.#whole = false
    for (const { attributes, tallies } of cells) {
      const key = this.#keyOf(attributes)
      const known = this.#cells.get(key)
      if (known === undefined) {
        if (this.#cells.size >= (this.#options.cellsMax ?? CELLS_MAX)) {
          this.#whole = false
          this.flush()
        }
        this.#cells.set(key, { attributes, tallies: [...tallies] })
      } else for (const tally of tallies) addTally(known.tallies, tally)
    }
  }

  flush(): void {
    const byAge = [...this.#cells].sort(([a, one], [b, other]) => {
      const difference = firstOf(one) - firstOf(other)
      return difference < 0 || (!(difference > 0) && a < b) ? -1 : 1
    })
    this.#options.onCells(
      byAge.map(([, cell]) => cell),
      this.#whole,
    )
    this.#cells.clear()
  }

  #keyOf(attributes: Attributes): string {
    const { user, groups = [], verb, path, isResourceRequest } = attributes
    const telling = this.#telling
    const names =
      user === undefined ? [] : [telling.user(user), telling.groups(JSON.stringify(groups), groups)]
    const who = [names, verb]
    if (!isResourceRequest) return JSON.stringify([...who, telling.path(path, () => path)])
    const { apiGroup, resource, subresource, namespace, name } = attributes
    const what = [apiGroup, resource, subresource, telling.namespace(namespace), telling.name(name)]
    return JSON.stringify([...who, ...what])
  }
}

function firstOf({ tallies }: Cell): Micros {
  return Math.min(...tallies.map(({ first }) => first))
}

function addTally(tallies: Tally[], more: Tally): void {
  const at = tallies.findIndex(({ stage, level }) => stage === more.stage && level === more.level)
  const known = tallies[at]
  if (known === undefined) tallies.push(more)
  else tallies[at] = sumOf(known, more)
}

function sumOf(a: Tally, b: Tally): Tally {
  const sizes = Object.entries(a.bytes).map(([name, bytes]) => [name, bytes + b.bytes[name as keyof Sizes]])
  return {
    ...a,
    events: a.events + b.events,
    bytes: Object.fromEntries(sizes) as Sizes,
    requests: a.requests + b.requests,
    responses: a.responses + b.responses,
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    examples: [...a.examples, ...b.examples].slice(0, EXAMPLES_MAX),
  }
}
