import type { Attributes, GroupResources, PolicyRule } from "./policy.ts"

/**
 * The set of requests a rule matches, as a union of boxes: a box is a product of independent conditions. Enough to
 * decide exactly whether rules before it leave a rule anything, and to name a request that shows it.
 *
 * What no request has is left out of the reasoning: a literal `*` or a slash inside a resource or subresource, and a
 * path that does not begin with a slash.
 */
export type Box = {
  readonly kind: "resource" | "url"
  readonly user: Names
  readonly groups: Groups
  readonly verb: Names
  readonly namespace: Names
  readonly apiGroup: Names
  readonly resource: Names
  readonly subresource: Names
  readonly name: Names
  readonly path: Paths
}

/** Some names (`only`), or all but some (`except`). */
export type Names = {
  readonly kind: "only" | "except"
  readonly names: ReadonlySet<string>
}

/** A user has any number of groups: at least one of each set in `some`, none of `none`. */
export type Groups = { readonly some: readonly ReadonlySet<string>[]; readonly none: ReadonlySet<string> }

/** What one pattern of nonResourceURLs matches, without what others match. */
export type Paths = { readonly pattern: string; readonly without: readonly string[] }

export const ANY: Names = { kind: "except", names: new Set() }
/** Stands for "no user at all" (a 401) among the names of users; a name cannot hold this character. */
export const NO_USER = "\u0000"
/** Anybody but the nobody of a 401. */
export const SIGNED_IN: Names = { kind: "except", names: new Set([NO_USER]) }
const NO_GROUPS: Groups = { some: [], none: new Set() }
const ANY_PATH: Paths = { pattern: "/*", without: [] }
const DIMENSIONS = ["verb", "namespace", "apiGroup", "resource", "subresource", "name", "user"] as const

export function only(...names: readonly string[]): Names {
  return { kind: "only", names: new Set(names) }
}

/** Every request for a resource, whoever asks. */
export const RESOURCES: Box = {
  ...{ kind: "resource", user: ANY, groups: NO_GROUPS, verb: ANY, namespace: ANY, path: ANY_PATH },
  ...{ apiGroup: ANY, resource: ANY, subresource: ANY, name: ANY },
}

/** Every request for anything else. */
export const URLS: Box = { ...RESOURCES, kind: "url" }

/** Every request that the rule matches and no other. */
export function boxesOf(rule: PolicyRule): readonly Box[] {
  const listed = (names: readonly string[]): Names => (names.length === 0 ? ANY : only(...names))
  const identity = {
    user: rule.users.length > 0 ? only(...rule.users) : rule.userGroups.length > 0 ? SIGNED_IN : ANY,
    groups: rule.userGroups.length > 0 ? { ...NO_GROUPS, some: [new Set(rule.userGroups)] } : NO_GROUPS,
    verb: listed(rule.verbs),
  }
  const resource: Box = { ...RESOURCES, ...identity, namespace: listed(rule.namespaces) }
  const url: Box = { ...URLS, ...identity }
  if (rule.resources.length > 0) return rule.resources.flatMap((entry) => entryBoxes(entry, resource))
  if (rule.namespaces.length > 0) return [resource]
  if (rule.nonResourceURLs.length === 0) return [resource, url]
  return rule.nonResourceURLs
    .map((text) => (text === "*" ? ANY_PATH.pattern : text))
    .filter((pattern) => pattern.startsWith("/"))
    .map((pattern) => ({ ...url, path: { pattern, without: [] } }))
}

function entryBoxes({ group, resources, resourceNames }: GroupResources, all: Box): readonly Box[] {
  const box = { ...all, apiGroup: group === "*" ? ANY : only(group) }
  if (resources.length === 0) return [box]
  const name = resourceNames.length === 0 ? ANY : only(...resourceNames)
  const bare = resources.filter((text) => text !== "*" && !text.includes("/"))
  const first: Box[] =
    bare.length === 0 ? [] : [{ ...box, name, resource: only(...bare), subresource: only("") }]
  const others = resources
    .filter((text) => !bare.includes(text))
    .flatMap((text): Box[] => {
      if (text === "*") return [{ ...box, name }]
      const [resource = "", subresource = "", ...more] = text.split("/")
      if (more.length > 0 || subresource === "" || text === "*/*") return []
      return [
        {
          ...{ ...box, name },
          resource: resource === "*" ? ANY : only(resource),
          subresource: subresource === "*" ? ANY : only(subresource),
        },
      ]
    })
  return [...first, ...others]
}

export function isEmpty(box: Box): boolean {
  return (
    DIMENSIONS.some((dimension) => isNone(box[dimension])) ||
    box.groups.some.some((some) => isCovered(some, box.groups.none)) ||
    isNonePath(box.path)
  )
}

function isNone({ kind, names }: Names): boolean {
  return kind === "only" && names.size === 0
}

function isCovered(names: ReadonlySet<string>, by: ReadonlySet<string>): boolean {
  for (const name of names) if (!by.has(name)) return false
  return true
}

/** A prefix has endless paths: only a prefix of itself takes them all. */
function isNonePath({ pattern, without }: Paths): boolean {
  return without.some((other) => includesPattern(other, pattern))
}

/** Whether every path of `inner` is one of `outer`. */
export function includesPattern(outer: string, inner: string): boolean {
  if (!outer.endsWith("*")) return outer === inner
  return inner.startsWith(outer.slice(0, -1))
}

export function meets(a: Names, b: Names): boolean {
  if (a === ANY) return b.kind === "except" || b.names.size > 0
  if (b === ANY) return a.kind === "except" || a.names.size > 0
  if (a.kind === "except" && b.kind === "except") return true
  const [listed, other] = a.kind === "only" ? [a, b] : [b, a]
  for (const name of listed.names) if (has(other, name)) return true
  return false
}

export function has({ kind, names }: Names, name: string): boolean {
  return (kind === "only") === names.has(name)
}

export function minus(a: Names, b: Names): Names {
  if (a.kind === "only") return { kind: "only", names: new Set([...a.names].filter((name) => !has(b, name))) }
  if (b.kind === "only") return { kind: "except", names: union(a.names, b.names) }
  return { kind: "only", names: new Set([...b.names].filter((name) => !a.names.has(name))) }
}

export function both(a: Names, b: Names): Names {
  if (a === ANY) return b
  if (b === ANY) return a
  if (a.kind === "only") return { kind: "only", names: new Set([...a.names].filter((name) => has(b, name))) }
  if (b.kind === "only") return both(b, a)
  return { kind: "except", names: union(a.names, b.names) }
}

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (a.size === 0) return b
  if (b.size === 0) return a
  return new Set([...a, ...b])
}

/** Whether some request is in both. */
export function boxesMeet(a: Box, b: Box): boolean {
  if (a.kind !== b.kind || !DIMENSIONS.every((dimension) => meets(a[dimension], b[dimension]))) return false
  if (a.groups.some.length + b.groups.some.length > 0) {
    const none = union(a.groups.none, b.groups.none)
    if ([...a.groups.some, ...b.groups.some].some((some) => isCovered(some, none))) return false
  }
  return a.kind === "resource" || pathsMeet(a.path, b.path)
}

/** What both match; {@link boxesMeet} must hold. */
export function intersection(a: Box, b: Box): Box {
  const inner = includesPattern(a.path.pattern, b.path.pattern) ? b.path.pattern : a.path.pattern
  return {
    kind: a.kind,
    user: both(a.user, b.user),
    groups: { some: [...a.groups.some, ...b.groups.some], none: union(a.groups.none, b.groups.none) },
    verb: both(a.verb, b.verb),
    namespace: both(a.namespace, b.namespace),
    apiGroup: both(a.apiGroup, b.apiGroup),
    resource: both(a.resource, b.resource),
    subresource: both(a.subresource, b.subresource),
    name: both(a.name, b.name),
    path: { pattern: inner, without: [...a.path.without, ...b.path.without] },
  }
}

function pathsMeet(a: Paths, b: Paths): boolean {
  const inner = includesPattern(a.pattern, b.pattern)
    ? b.pattern
    : includesPattern(b.pattern, a.pattern)
      ? a.pattern
      : undefined
  if (inner === undefined) return false
  return !isNonePath({ pattern: inner, without: [...a.without, ...b.without] })
}

/** Parts of `box` that together are what `other` does not match; they may overlap. */
export function* outside(box: Box, other: Box): Generator<Box> {
  for (const dimension of DIMENSIONS) {
    if (other[dimension] === ANY) continue
    const rest = minus(box[dimension], other[dimension])
    if (!isNone(rest)) yield { ...box, [dimension]: rest }
  }
  for (const some of other.groups.some) {
    const none = union(box.groups.none, some)
    if (!box.groups.some.some((needed) => isCovered(needed, none))) {
      yield { ...box, groups: { ...box.groups, none } }
    }
  }
  if (box.kind === "url") {
    const path = { ...box.path, without: [...box.path.without, other.path.pattern] }
    if (!isNonePath(path)) yield { ...box, path }
  }
}

/** How much a box asks for. */
export function conditionCount(box: Box): number {
  return DIMENSIONS.filter((dimension) => box[dimension] !== ANY).length + box.groups.some.length
}

/** Whether the box holds the request. */
export function holds(box: Box, request: Attributes): boolean {
  const point = pointOf(request)
  const { some, none } = box.groups
  const groups = request.user === undefined ? [] : (request.groups ?? [])
  return (
    (box.kind === "resource") === request.isResourceRequest &&
    DIMENSIONS.every(
      (dimension) =>
        (box.kind === "url" && dimension !== "user" && dimension !== "verb") ||
        has(box[dimension], point[dimension]),
    ) &&
    some.every((set) => groups.some((group) => set.has(group))) &&
    !groups.some((group) => none.has(group)) &&
    (box.kind === "resource" ||
      (includesPattern(box.path.pattern, request.path) &&
        !box.path.without.some((other) => includesPattern(other, request.path))))
  )
}

function pointOf(request: Attributes): Record<(typeof DIMENSIONS)[number], string> {
  const { verb, namespace, apiGroup, resource, subresource, name, user = NO_USER } = request
  return { verb, namespace, apiGroup, resource, subresource, name, user }
}
