import { Refusal } from "../base/refusal.ts"
import { RESERVED } from "../event/record.ts"

export type SourceLimits = {
  /** Sources a ledger counts: each costs memory, and bytes in every heartbeat. */
  readonly sourcesMax: number
  /** Of these, the most of one cluster, the first part of a source: no credential takes the others' places. */
  readonly clusterSourcesMax: number
}

/** Every source that has a record, or waits for its first to be committed. The ledger's own always has its place. */
export class KnownSources {
  readonly #limits: SourceLimits
  readonly #all = new Set<string>()
  readonly #ofCluster = new Map<string, number>()

  constructor(limits: SourceLimits, sources: Iterable<string>) {
    this.#limits = limits
    for (const source of sources) this.#take(source)
  }

  has(source: string): boolean {
    return this.#all.has(source)
  }

  /** Refuses `source.tooMany` for one more than may be. */
  add(source: string): void {
    const { sourcesMax, clusterSourcesMax } = this.#limits
    const cluster = clusterOf(source)
    if (source !== RESERVED && this.#all.size >= sourcesMax) throw tooMany(sourcesMax, "this ledger", source)
    if ((this.#ofCluster.get(cluster) ?? 0) >= clusterSourcesMax)
      throw tooMany(clusterSourcesMax, `the cluster ${cluster}`, source)
    this.#take(source)
  }

  #take(source: string): void {
    const cluster = clusterOf(source)
    this.#all.add(source)
    this.#ofCluster.set(cluster, (this.#ofCluster.get(cluster) ?? 0) + 1)
  }
}

function clusterOf(source: string): string {
  return source.split("/", 1)[0] ?? source
}

function tooMany(max: number, whose: string, source: string): Refusal {
  return new Refusal(
    "source.tooMany",
    `${max} sources are counted for ${whose}, and ${source} is none of them`,
  )
}
