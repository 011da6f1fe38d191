import { anyOfCaseFilter } from "./filters/any_case.ts"
import { listFilter } from "./filters/in.ts"
import { anyPrefixFilter } from "./filters/prefix.ts"
import { isListField } from "./row.ts"
import type { Filter, Leaf } from "./tree.ts"
import { isWord } from "./words.ts"

/** Fewer stay as they are: each alone can use what is known of a column. */
const FOLD_MIN = 4

/**
 * The same filters in fewer conditions, for SQL: thousands of words or values in an "or" are one list, which is looked up or
 * one regular expression, instead of thousands of conditions, whose planning alone would take half a minute.
 */
export function foldFilters(kind: "and" | "or", filters: readonly Filter[]): readonly Filter[] {
  if (filters.length < FOLD_MIN) return filters
  if (kind === "or") return foldGroups(filters, itemOf, (kind, field, texts) => ANY_OF[kind](field, texts))
  return foldGroups(foldNots(filters), wordOf, (_kind, field, texts) =>
    listFilter("contains_all", field, texts),
  )
}

/** How many conditions remain to be looked at one by one. */
export function countConditions(filter: Filter): number {
  switch (filter.kind) {
    case "all":
      return 0
    case "leaf":
      return 1
    case "not":
      return countConditions(filter.filter)
    default:
      return foldFilters(filter.kind, filter.filters).reduce((sum, part) => sum + countConditions(part), 0)
  }
}

/** `!a:=x !a:=y …` is `!(a:=x or a:=y …)`. */
function foldNots(filters: readonly Filter[]): readonly Filter[] {
  const inner = filters.flatMap((filter) => (filter.kind === "not" ? [filter.filter] : []))
  if (inner.length < FOLD_MIN) return filters
  const folded = foldFilters("or", inner).map((filter): Filter => ({ kind: "not", filter }))
  return [...filters.filter((filter) => filter.kind !== "not"), ...folded]
}

type Kind = NonNullable<Leaf["says"]>["kind"]

/** One filter for "any of these". */
const ANY_OF: Readonly<Record<Kind, (field: string, texts: readonly string[]) => Filter>> = {
  equals: (field, texts) => listFilter("in", field, texts),
  phrase: (field, texts) => listFilter("contains_any", field, texts),
  prefix: anyPrefixFilter,
  anyCase: anyOfCaseFilter,
}

type Item = { readonly kind: Kind; readonly field: string; readonly text: string }

function itemOf(filter: Filter): Item | undefined {
  if (filter.kind !== "leaf" || filter.says === undefined) return undefined
  return { ...filter.says, field: fieldOf(filter) }
}

/** A single word, which stands in a value or does not; of a list, each may stand in another element. */
function wordOf(filter: Filter): Item | undefined {
  const item = itemOf(filter)
  if (item?.kind !== "phrase" || !isWord(item.text) || isListField(item.field)) return undefined
  return item
}

function fieldOf({ fields }: Leaf): string {
  return fields[0] ?? "_msg"
}

type Group = {
  readonly kind: Kind
  readonly field: string
  readonly texts: string[]
  readonly members: Filter[]
}

function foldGroups(
  filters: readonly Filter[],
  read: (filter: Filter) => Item | undefined,
  make: (kind: Kind, field: string, texts: readonly string[]) => Filter,
): readonly Filter[] {
  const groups = new Map<string, Group>()
  const others: Filter[] = []
  for (const filter of filters) {
    const item = read(filter)
    // The empty text means an absent field, and only alone.
    if (item === undefined || item.text === "") {
      others.push(filter)
      continue
    }
    const { kind, field, text } = item
    const key = `${kind} ${field}`
    const group = groups.get(key) ?? { kind, field, texts: [], members: [] }
    groups.set(key, group)
    group.texts.push(text)
    group.members.push(filter)
  }
  const folded = [...groups.values()].flatMap(({ kind, field, texts, members }) =>
    texts.length < FOLD_MIN ? members : [make(kind, field, texts)],
  )
  return [...others, ...folded]
}
