import type { FieldSet, Filter } from "./tree.ts"

export const ALL_FIELDS: FieldSet = { kind: "all", but: new Set() }
export const NO_FIELDS: FieldSet = { kind: "some", names: new Set(), prefixes: [] }

/** Names as `fields` and `delete` take them: `a`, `a*`, `*`. */
export function fieldSet(patterns: readonly string[]): FieldSet {
  if (patterns.includes("*")) return ALL_FIELDS
  const names = patterns.filter((pattern) => !pattern.endsWith("*"))
  const prefixes = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1))
  return { kind: "some", names: new Set(names), prefixes }
}

export function hasField(set: FieldSet, name: string): boolean {
  if (set.kind === "all") return !set.but.has(name)
  return set.names.has(name) || set.prefixes.some((prefix) => name.startsWith(prefix))
}

export function addFields(set: FieldSet, names: Iterable<string>): FieldSet {
  const added = [...names]
  if (added.includes("*")) return ALL_FIELDS
  if (set.kind === "all")
    return { kind: "all", but: new Set([...set.but].filter((name) => !added.includes(name))) }
  return { ...set, names: new Set([...set.names, ...added]) }
}

export function removeFields(set: FieldSet, names: Iterable<string>): FieldSet {
  const removed = [...names]
  if (set.kind === "all") return { kind: "all", but: new Set([...set.but, ...removed]) }
  return { ...set, names: new Set([...set.names].filter((name) => !removed.includes(name))) }
}

/** What is in one of them. */
export function unionFields(a: FieldSet, b: FieldSet): FieldSet {
  if (a.kind === "all") return { kind: "all", but: new Set([...a.but].filter((name) => !hasField(b, name))) }
  if (b.kind === "all") return unionFields(b, a)
  const names = new Set([...a.names, ...b.names])
  return { kind: "some", names, prefixes: [...new Set([...a.prefixes, ...b.prefixes])] }
}

/** As {@link addFields}, with prefixes (`a*`, `*`) among the names. */
export function addPatterns(set: FieldSet, patterns: readonly string[]): FieldSet {
  return unionFields(set, fieldSet(patterns))
}

/** What is in both; prefixes are kept where they may matter, so the answer may hold too much but never too little. */
export function intersectFields(a: FieldSet, b: FieldSet): FieldSet {
  if (a.kind === "all" && b.kind === "all") return { kind: "all", but: new Set([...a.but, ...b.but]) }
  if (a.kind === "all" && b.kind === "some") return removeFields(b, a.but)
  if (a.kind === "some" && b.kind === "all") return removeFields(a, b.but)
  if (a.kind !== "some" || b.kind !== "some") return b
  const names = [...a.names, ...b.names].filter((name) => hasField(a, name) && hasField(b, name))
  const prefixes = [...a.prefixes, ...b.prefixes].filter(
    (prefix) => hasField(a, prefix) && hasField(b, prefix),
  )
  return { kind: "some", names: new Set(names), prefixes }
}

/** Every field a filter reads, subqueries left out. */
export function fieldsOf(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case "all":
      return []
    case "leaf":
      return filter.fields
    case "not":
      return fieldsOf(filter.filter)
    default:
      return filter.filters.flatMap(fieldsOf)
  }
}

export function matchesFilter(
  filter: Filter,
  row: Readonly<Record<string, string>>,
  scene: { readonly now: number },
): boolean {
  switch (filter.kind) {
    case "all":
      return true
    case "leaf":
      return filter.matches(row, scene)
    case "not":
      return !matchesFilter(filter.filter, row, scene)
    case "and":
      return filter.filters.every((part) => matchesFilter(part, row, scene))
    case "or":
      return filter.filters.some((part) => matchesFilter(part, row, scene))
  }
}
