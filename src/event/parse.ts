import { utf8 } from "../base/bytes.ts"
import { isObject } from "../base/is-object.ts"
import { type Field, findField } from "./fields.ts"

/**
 * The parsed view of an event: derived, never the evidence. Numbers beyond 2^53 lose their last digits here
 * and the last of duplicate keys wins; the bytes keep them all. Not for the hot path (some 5 µs per event).
 */
export type Event = { readonly [key: string]: unknown }

/** Undefined where the bytes are no JSON object. */
export function parseEvent(body: Uint8Array): Event | undefined {
  const text = utf8(body)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** One value by its path; undefined where there is none, null included. */
export function readPath(event: Event, path: readonly string[]): unknown {
  let value: unknown = event
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value ?? undefined
}

/** A string; undefined for everything else. */
export function textAt(event: Event, ...path: readonly string[]): string | undefined {
  const value = readPath(event, path)
  return typeof value === "string" ? value : undefined
}

export function integerAt(event: Event, ...path: readonly string[]): number | undefined {
  const value = readPath(event, path)
  return typeof value === "number" && Number.isInteger(value) ? value : undefined
}

/** The strings of a list; others in it are left out. */
export function listAt(event: Event, ...path: readonly string[]): readonly string[] | undefined {
  const value = readPath(event, path)
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : undefined
}

/** The string members of an object; others are left out. */
export function mapAt(
  event: Event,
  ...path: readonly string[]
): Readonly<Record<string, string>> | undefined {
  const value = readPath(event, path)
  if (!isObject(value)) return undefined
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  )
}

/**
 * A value as a column holds it. Times are left as text: they are the server's, but who knows which server.
 */
export type FieldValue =
  | string
  | number
  | readonly string[]
  | Readonly<Record<string, string>>
  | Readonly<Record<string, readonly string[]>>

/**
 * The value of a field of the catalogue in this event; undefined where it is absent, of another type or the
 * ledger's own.
 */
export function readField(event: Event, name: string): FieldValue | undefined {
  const field = findField(name)
  return field?.path === undefined ? undefined : readTyped(event, field, field.path)
}

function readTyped(event: Event, field: Field, path: readonly string[]): FieldValue | undefined {
  switch (field.type) {
    case "text":
    case "time":
      return textAt(event, ...path)
    case "integer":
      return integerAt(event, ...path)
    case "list":
      return listAt(event, ...path)
    case "map":
      return mapAt(event, ...path)
    case "listMap": {
      const value = readPath(event, path)
      if (!isObject(value)) return undefined
      return Object.fromEntries(Object.keys(value).map((key) => [key, listAt(value, key) ?? []]))
    }
  }
}

/**
 * The API server's truncating back end took the bodies out; a hint only (spec: with two back ends it may
 * stand beside them).
 */
export function isTruncated(event: Event): boolean {
  return textAt(event, "annotations", "audit.k8s.io/truncated") === "true"
}
