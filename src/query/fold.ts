import { listFilter } from "./filters/in.ts"
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
  if (kind === "or")
    return foldGroups(filters, alternativeOf, (word, field, texts) => listFilter(word, field, texts))
  return foldGroups(foldNots(filters), wordOf, (_, field, texts) => listFilter("contains_all", field, texts))
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

type Item = { readonly word: "in" | "contains_any"; readonly field: string; readonly text: string }

function alternativeOf(filter: Filter): Item | undefined {
  if (filter.kind !== "leaf" || filter.says === undefined) return undefined
  const { says } = filter
  return { word: says.kind === "equals" ? "in" : "contains_any", field: fieldOf(filter), text: says.text }
}

/** A single word, which stands in a value or does not; of a list, each may stand in another element. */
function wordOf(filter: Filter): Item | undefined {
  const item = alternativeOf(filter)
  if (item?.word !== "contains_any" || !isWord(item.text) || isListField(item.field)) return undefined
  return item
}

function fieldOf({ fields }: Leaf): string {
  return fields[0] ?? "_msg"
}

type Group = {
  readonly word: Item["word"]
  readonly field: string
  readonly texts: string[]
  readonly members: Filter[]
}

function foldGroups(
  filters: readonly Filter[],
  itemOf: (filter: Filter) => Item | undefined,
  make: (word: Item["word"], field: string, texts: readonly string[]) => Filter,
): readonly Filter[] {
  const groups = new Map<string, Group>()
  const others: Filter[] = []
  for (const filter of filters) {
    const item = itemOf(filter)
    // The empty text means an absent field, and only alone.
    if (item === undefined || item.text === "") {
      others.push(filter)
      continue
    }
    const { word, field, text } = item
    const key = `${word} ${field}`
    const group = groups.get(key) ?? { word, field, texts: [], members: [] }
    groups.set(key, group)
    group.texts.push(text)
    group.members.push(filter)
  }
  const folded = [...groups.values()].flatMap(({ word, field, texts, members }) =>
    texts.length < FOLD_MIN ? members : [make(word, field, texts)],
  )
  return [...others, ...folded]
}
