import type { Policy } from "./policy.ts"

/** Which words of a request are told from others of their kind. Undefined: each from each. Can be posted to a thread. */
export type ToldApart = {
  readonly users?: ReadonlySet<string>
  readonly groups?: ReadonlySet<string>
  readonly namespaces?: ReadonlySet<string>
  readonly names?: ReadonlySet<string>
  /** As in `nonResourceURLs`: paths that the same of them match are alike. */
  readonly urls?: readonly string[]
}

/** All but objects' names. */
export const ALL_BUT_NAMES: ToldApart = { names: new Set() }

/**
 * What some of the policies tells apart: nobody else's name, namespace or path changes what they decide. Verbs and resources are
 * always told apart, there are few. A cluster has a hundred thousand combinations of users, namespaces and resources, and a
 * policy hardly a hundred treatments of them.
 */
export function toldApartBy(policies: readonly Policy[]): ToldApart {
  const rules = policies.flatMap((policy) => policy.rules)
  const words = (of: (rule: (typeof rules)[number]) => readonly string[]) => new Set(rules.flatMap(of))
  return {
    users: words(({ users }) => users),
    groups: words(({ userGroups }) => userGroups),
    namespaces: words(({ namespaces }) => namespaces),
    names: namesIn(policies),
    urls: [...words(({ nonResourceURLs }) => nonResourceURLs), PROFILES],
  }
}

/** Users and namespaces each, but of objects' names those alone that some policy decides by. */
export function namesToldApartBy(policies: readonly Policy[]): ToldApart {
  return { names: namesIn(policies) }
}

function namesIn(policies: readonly Policy[]): ReadonlySet<string> {
  const entries = policies.flatMap(({ rules }) => rules.flatMap(({ resources }) => resources))
  return new Set(entries.flatMap(({ resourceNames }) => resourceNames))
}

/** These requests last, and so have a stage more. */
const PROFILES = "/debug/pprof/*"

/** Paths and lists of groups seen so far; clients can choose any number of paths. */
const KNOWN_MAX = 10_000

/** The words of requests as keys: the same wherever they are not told apart. */
export class Telling {
  readonly #apart: ToldApart
  readonly #groups = new Map<string, string>()
  readonly #paths = new Map<string, string>()

  constructor(apart: ToldApart) {
    this.#apart = apart
  }

  /** Undefined is somebody else. */
  user(name: string): string | undefined {
    return told(this.#apart.users, name)
  }

  namespace(name: string): string | undefined {
    return told(this.#apart.namespaces, name)
  }

  get tellsNames(): boolean {
    return this.#apart.names === undefined || this.#apart.names.size > 0
  }

  name(name: string): string | undefined {
    return told(this.#apart.names, name)
  }

  /** `key` is the same for the same groups. */
  groups(key: string, groups: readonly string[]): string {
    const { groups: apart } = this.#apart
    if (apart === undefined || key === "") return key // nobody signed in
    return known(this.#groups, key, () => JSON.stringify(groups.filter((group) => apart.has(group)).sort()))
  }

  /** `raw` is the path as it was sent. */
  path(raw: string, decoded: () => string): string {
    const { urls } = this.#apart
    if (urls === undefined) return raw
    return known(this.#paths, raw, () => {
      const path = decoded()
      return urls.map((url) => (isMatch(url, path) ? "1" : "0")).join("")
    })
  }
}

function told(apart: ReadonlySet<string> | undefined, word: string): string | undefined {
  return apart === undefined || apart.has(word) ? word : undefined
}

function known(memo: Map<string, string>, key: string, make: () => string): string {
  const found = memo.get(key)
  if (found !== undefined) return found
  if (memo.size >= KNOWN_MAX) memo.clear()
  const made = make()
  memo.set(key, made)
  return made
}

function isMatch(url: string, path: string): boolean {
  return url.endsWith("*") ? path.startsWith(url.slice(0, -1)) : url === path
}
