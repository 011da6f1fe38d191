import { findField } from "../event/fields.ts"

/** One result: field → value. Every value is a string, an absent field has no key (as LogsQL sees logs). */
export type Row = Readonly<Record<string, string>>
/** A row being made. Has no prototype, so that no name of a field (`__proto__`) is special. */
export type MutableRow = Record<string, string>

export function newRow(from?: Row): MutableRow {
  const row: MutableRow = Object.create(null)
  if (from !== undefined) for (const name of Object.keys(from)) row[name] = from[name] ?? ""
  return row
}

export function withField(row: Row, field: string, value: string): Row {
  const changed = newRow(row)
  changed[field] = value
  return changed
}

/** The field's value; "" where it is absent. */
export function fieldValue(row: Row, field: string): string {
  return Object.hasOwn(row, field) ? (row[field] ?? "") : ""
}

/**
 * What a filter on the field is tried on: its value and, for a list (`user.groups`, `sourceIPs`, each entry of
 * `user.extra`), every element of it.
 */
export function textsOf(row: Row, field: string): readonly string[] {
  const value = fieldValue(row, field)
  return isListField(field) && value.startsWith("[") ? [value, ...elementsOf(value)] : [value]
}

export function isListField(field: string): boolean {
  return findField(field)?.type === "list" || /^(user|impersonatedUser)\.extra\./.test(field)
}

function elementsOf(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter((item) => typeof item === "string") : []
  } catch {
    return []
  }
}

/** Bytes a row holds in memory, roughly: two per character and the cost of its keys. */
export function weighRow(row: Row): number {
  let bytes = 64
  for (const name of Object.keys(row)) bytes += 48 + 2 * (row[name] ?? "").length
  return bytes
}
