import { Refusal } from "../base/refusal.ts"
import { clusterOf, RESERVED } from "../event/record.ts"

export type SourceLimits = {
  /** Sources a ledger counts: each costs memory, and bytes in every heartbeat. */
  readonly sourcesMax: number
  /** Of these, the most of one cluster, the first part of a source: no credential takes the others' places. */
  readonly clusterSourcesMax: number
}

/**
 * Every source that has a record, or waits for its first to be committed. The ledger's own always has its place, and so has
 * each owner: a source that a credential or a followed file has by the configuration. Below its own an owner may name
 * others, as many as every owner of its cluster may: one that makes up a name for each request takes nobody else's place.
 */
export class KnownSources {
  readonly #limits: SourceLimits
  readonly #owners: () => readonly string[]
  readonly #all = new Set<string>()
  #shares: Shares

  constructor(limits: SourceLimits, sources: Iterable<string>, owners: () => readonly string[] = () => []) {
    this.#limits = limits
    this.#owners = owners
    for (const source of sources) this.#all.add(source)
    this.#shares = sharesOf(this.#all, owners())
  }

  has(source: string): boolean {
    return this.#all.has(source)
  }

  /** Refuses `source.tooMany` for one more than may be. */
  add(source: string): void {
    const owners = this.#owners()
    if (owners !== this.#shares.owners) this.#shares = sharesOf(this.#all, owners)
    if (source !== RESERVED && !this.#shares.own.has(source)) this.#check(source)
    this.#all.add(source)
    take(this.#shares, source)
  }

  #check(source: string): void {
    const { sourcesMax, clusterSourcesMax } = this.#limits
    const { own, others, ofCluster, ofOwner, ownersOfCluster } = this.#shares
    if (others.count >= sourcesMax) throw tooMany(sourcesMax, "this ledger", source)
    const cluster = clusterOf(source)
    if ((ofCluster.get(cluster) ?? 0) >= clusterSourcesMax)
      throw tooMany(clusterSourcesMax, `the cluster ${cluster}`, source)
    const owner = ownerOf(own, source)
    if (owner === undefined) return
    const share = Math.min(clusterSourcesMax / (ownersOfCluster.get(cluster) ?? 1), sourcesMax / own.size)
    const max = Math.max(1, Math.floor(share))
    if ((ofOwner.get(owner) ?? 0) >= max) throw tooMany(max, `below ${owner}`, source)
  }
}

/** How many sources there are that are no owner's own, and whose they are. */
type Shares = {
  readonly owners: readonly string[]
  readonly own: ReadonlySet<string>
  readonly ownersOfCluster: ReadonlyMap<string, number>
  readonly others: { count: number }
  readonly ofCluster: Map<string, number>
  readonly ofOwner: Map<string, number>
}

function sharesOf(sources: Iterable<string>, owners: readonly string[]): Shares {
  const own = new Set(owners)
  const ownersOfCluster = new Map<string, number>()
  for (const owner of own) addOne(ownersOfCluster, clusterOf(owner))
  const shares = { owners, own, ownersOfCluster, others: { count: 0 } }
  const counted = { ...shares, ofCluster: new Map<string, number>(), ofOwner: new Map<string, number>() }
  for (const source of sources) take(counted, source)
  return counted
}

function take({ own, others, ofCluster, ofOwner }: Shares, source: string): void {
  if (source === RESERVED || own.has(source)) return
  others.count++
  addOne(ofCluster, clusterOf(source))
  const owner = ownerOf(own, source)
  if (owner !== undefined) addOne(ofOwner, owner)
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The nearest owner above a source. */
function ownerOf(own: ReadonlySet<string>, source: string): string | undefined {
  for (let end = source.lastIndexOf("/"); end > 0; end = source.lastIndexOf("/", end - 1)) {
    const above = source.slice(0, end)
    if (own.has(above)) return above
  }
  return undefined
}

function tooMany(max: number, whose: string, source: string): Refusal {
  return new Refusal(
    "source.tooMany",
    `${max} sources are counted for ${whose}, and ${source} is none of them`,
  )
}
