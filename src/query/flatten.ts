import { findField } from "../event/fields.ts"
import type { MutableRow } from "./row.ts"

/** Numbers that JavaScript would print otherwise than they stand there: long ones, exponents, zeros at the end. */
const ODD_NUMBER = /[0-9]{16}|[0-9][eE][+-]?[0-9]|\.[0-9]*0(?![0-9])|-0(?![0-9.])/
const DEPTH_MAX = 64

/**
 * Adds the fields inside a body to a row, as VictoriaLogs makes them of nested JSON: objects become dotted names, lists stay
 * JSON text, null is absent, numbers as they stand there. Fields of the catalogue are left to their columns. A body that is
 * no JSON object becomes the field `raw`.
 */
export function flattenBody(row: MutableRow, body: string, keep: (name: string) => boolean): void {
  const value = parseBody(body)
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    if (keep("raw")) row.raw = body
    return
  }
  flatten(row, "", value, keep, 0)
}

function parseBody(body: string): unknown {
  try {
    return ODD_NUMBER.test(body) ? JSON.parse(body, keepNumber) : JSON.parse(body)
  } catch {
    return undefined
  }
}

/** ECMAScript's source text access: a number as it was written. */
function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined || context.source === String(value))
    return value
  return new SourceNumber(context.source)
}

class SourceNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  toJSON(): unknown {
    const raw = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON
    return raw === undefined ? Number(this.source) : raw(this.source)
  }
}

function flatten(
  row: MutableRow,
  prefix: string,
  value: object,
  keep: (name: string) => boolean,
  depth: number,
): void {
  for (const [key, inner] of Object.entries(value)) {
    const name = prefix === "" ? key : `${prefix}.${key}`
    if (isObject(inner) && depth < DEPTH_MAX) {
      flatten(row, name, inner, keep, depth + 1)
      continue
    }
    const field = findField(name)
    if (field !== undefined && field.type !== "map" && field.type !== "listMap") continue
    const text = textOf(inner)
    if (text !== undefined && keep(name)) row[name] = text
  }
}

function isObject(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof SourceNumber)
  )
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined || value === "") return undefined
  if (typeof value === "string") return value
  if (value instanceof SourceNumber) return value.source
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
