import type { Rows } from "./victoria-logs.ts"

/** In a few words, where the answers differ. */
export function differenceOf(mine: Rows | "refused", other: Rows | "refused"): string | undefined {
  if (mine === "refused" || other === "refused")
    return mine === other ? undefined : `here ${shown(mine)}, there ${shown(other)}`
  const [left, right] = [mine.map(textOf).sort(), other.map(textOf).sort()]
  const [onlyHere, onlyThere] = [without(left, right), without(right, left)]
  if (onlyHere.length + onlyThere.length === 0) return undefined
  const counts = `${onlyHere.length} of ${left.length} rows here, ${onlyThere.length} of ${right.length} there`
  const [a, b] = [fieldsOf(onlyHere[0]), fieldsOf(onlyThere[0])]
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name))
  const fields = names.map(
    (name) => `${name}: ${JSON.stringify(a.get(name))} ≠ ${JSON.stringify(b.get(name))}`,
  )
  return `only ${counts}; ${fields.join("; ").slice(0, 500)}`
}

function shown(answer: Rows | "refused"): string {
  return answer === "refused" ? answer : `${answer.length} rows`
}

/**
 * A field without a value is not there, and neither is a row without fields. Times are cut to the digits they need: ours have
 * six, as API servers write them. A stream's number is each server's own.
 */
function textOf(row: Rows[number]): string {
  const fields = Object.entries(row)
    .filter(([name, value]) => value !== "" && name !== "_stream_id")
    .map(([name, value]) => [name, comparable(value)] as const)
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Members of an object have no order, and the last digits of a sum depend on it. */
function comparable(value: string): string {
  if (/^-?\d+\.\d{9,}$/.test(value)) return Number(value).toPrecision(13)
  if (value.startsWith("{") && isObject(value)) {
    const members = Object.entries(JSON.parse(value) as Record<string, unknown>)
    return JSON.stringify(members.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return value.replace(/(T\d\d:\d\d:\d\d)\.(\d*?)0+(?=Z)/g, trimmed)
}

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object"
  } catch {
    return false
  }
}

function trimmed(_: string, seconds: string, digits: string): string {
  return digits === "" ? seconds : `${seconds}.${digits}`
}

function fieldsOf(text: string | undefined): ReadonlyMap<string, string> {
  return new Map(JSON.parse(text ?? "[]") as [string, string][])
}

function without(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0 && row !== "[]"
  })
}
