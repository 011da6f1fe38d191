import type { SourceRun } from "./recheck.ts"
import type { Damage } from "./verdict.ts"
import type { SaidCounts } from "./verify-controls.ts"

/** Records that nobody can count: gone, unreadable, destroyed by rule. Each is told elsewhere. */
export type Hole = { readonly first: number; readonly last: number }

export type ToldCounts = {
  /** Gaps that the ledger itself told. */
  readonly lost: readonly (readonly [source: string, from: number, to: number])[]
  readonly heartbeats: readonly SaidCounts[]
  readonly holes: readonly Hole[]
}

/** Joins what each piece of the ledger counts per source, and tells where a count has a gap or goes back. */
export class SourceCounts {
  readonly #runs: SourceRun[] = []

  add(runs: readonly SourceRun[]): void {
    for (const run of runs) this.#runs.push(run)
  }

  sources(): readonly string[] {
    return [...new Set(this.#runs.map(({ source }) => source))]
  }

  /** Damages in the count of every source. Where records are gone anyway, a gap in the count is not a second damage. */
  damages({ lost, heartbeats, holes }: ToldCounts): Damage[] {
    const damages: Damage[] = []
    const next = new Map<string, { readonly n: number; readonly since: number }>()
    for (const run of this.#runs.toSorted((a, b) => a.first - b.first)) {
      const { n: expected, since } = next.get(run.source) ?? { n: 0, since: 0 }
      const gap = run.firstN !== expected && !isTold(lost, run.source, expected, run.firstN)
      const inHole =
        run.firstN > expected && holes.some(({ first, last }) => first <= run.first && last >= since)
      if (gap && !inHole) damages.push(broken(run, expected))
      next.set(run.source, { n: run.firstN + run.count, since: run.first })
    }
    const newest = heartbeats.reduce<SaidCounts | undefined>(
      (latest, said) => (latest === undefined || said.record > latest.record ? said : latest),
      undefined,
    )
    for (const [source, n] of newest?.next ?? []) {
      const found = next.get(source)?.n ?? 0
      const record = newest?.record ?? 0
      if (found >= n || holes.some(({ first }) => first < record)) continue
      const detail = `a heartbeat counts ${n} records of ${source}, there are ${found}`
      damages.push({ thing: "source", cause: "missing", first: record, last: record, detail })
    }
    return damages
  }
}

function isTold(
  lost: readonly (readonly [string, number, number])[],
  source: string,
  from: number,
  to: number,
): boolean {
  return lost.some(([name, start, end]) => name === source && start <= from && to <= end)
}

function broken({ source, firstN, first }: SourceRun, expected: number): Damage {
  const cause = firstN > expected ? "missing" : "reordered"
  const detail = `${source} goes on with its record ${firstN}, expected was ${expected}`
  return { thing: "source", cause, first, last: first, detail }
}
