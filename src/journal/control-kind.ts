import { utf8 } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { isObject } from "../base/is-object.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { formatMicros, type Micros, parseMicros } from "../base/time.ts"
import { isSource, type NewRecord, RESERVED } from "../event/record.ts"

/** One member of a control record's body: how its value stands in JSON, and back. */
export interface Field<T> {
  print(value: T): unknown
  /** Undefined where `json` is no such value. */
  read(json: unknown): T | undefined
}

type Fields = Readonly<Record<string, Field<unknown>>>
type ValueOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/**
 * A kind of control record. Its body is one line of JSON: `{"kind":…,"version":…,` and the members of the table in their
 * order, without a space. There is one text for each value: `verify` obeys these records, so nobody else's JSON may pass
 * for one.
 */
export type ControlKind<V> = {
  readonly kind: string
  readonly version: number
  format(value: V): string
  /** Inverse of `format`: refuses any text it would not have written. */
  parse(text: string): V
}

export function controlKind<F extends Fields>(
  kind: string,
  version: number,
  fields: F,
): ControlKind<ValueOf<F>> {
  const names = Object.keys(fields)
  const format = (value: ValueOf<F>): string => {
    const members = names.map((name) => [name, fields[name]?.print(value[name])] as const)
    return JSON.stringify({ kind, version, ...Object.fromEntries(members) })
  }
  const parse = (text: string): ValueOf<F> => {
    const json = objectOf(text)
    const members = names.map((name) => [name, fields[name]?.read(json[name])] as const)
    if (json.kind !== kind || json.version !== version) throw malformed(kind, text)
    if (members.some(([, value]) => value === undefined)) throw malformed(kind, text)
    // Every member was read by its field just above; the table and the type are the same object.
    const value = Object.fromEntries(members) as ValueOf<F>
    if (format(value) !== text) throw malformed(kind, text)
    return value
  }
  return { kind, version, format, parse }
}

/** The record that carries a body of {@link controlKind}. */
export function controlRecord(body: string): NewRecord {
  return { source: RESERVED, kind: RESERVED, words: [], body: Buffer.from(body) }
}

/** What kind of control record a body says it is; undefined where it says nothing readable. */
export function controlKindOf(body: Uint8Array): string | undefined {
  const text = utf8(body)
  try {
    const kind = text === undefined ? undefined : objectOf(text).kind
    return typeof kind === "string" ? kind : undefined
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text)
    if (isObject(json)) return json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw malformed("control", text)
}

function malformed(kind: string, text: string): Refusal {
  return new Refusal("control.malformed", `not a ${kind} record: ${JSON.stringify(text.slice(0, 120))}`)
}

/** Longest text in a member; keys, notes and details are far shorter. */
const TEXT_LENGTH_MAX = 64 * 1024

export const text: Field<string> = {
  print: (value) => value,
  // Half a surrogate pair has no UTF-8, so its text would not come back.
  read: (json) =>
    typeof json === "string" && json.length <= TEXT_LENGTH_MAX && json.isWellFormed() ? json : undefined,
}

export const count: Field<number> = {
  print: (value) => value,
  read: (json) => (isCount(json) ? json : undefined),
}

export const integer: Field<number> = {
  print: (value) => value,
  read: (json) => (Number.isSafeInteger(json) ? Number(json) : undefined),
}

export const time: Field<Micros> = {
  print: (value) => formatMicros(value),
  read(json) {
    try {
      return typeof json === "string" ? parseMicros(json) : undefined
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  },
}

export const source: Field<string> = {
  print: (value) => value,
  read: (json) => (typeof json === "string" && isSource(json) ? json : undefined),
}

/** One of the keys of a table. */
export function wordOf<K extends string>(table: Readonly<Record<K, unknown>>): Field<K> {
  const isWord = (json: string): json is K => Object.hasOwn(table, json)
  return {
    print: (value) => value,
    read: (json) => (typeof json === "string" && isWord(json) ? json : undefined),
  }
}

/** A text that matches; for hashes, names, words of a table. */
export function pattern(form: RegExp): Field<string> {
  return {
    print: (value) => value,
    read: (json) => (typeof json === "string" && form.test(json) ? json : undefined),
  }
}

export function listOf<T>(item: Field<T>): Field<readonly T[]> {
  return {
    print: (values) => values.map((value) => item.print(value)),
    read(json) {
      if (!Array.isArray(json)) return undefined
      const values = json.map((value: unknown) => item.read(value))
      return values.every((value) => value !== undefined) ? values : undefined
    },
  }
}

/** Values of several fields in a row, as a JSON array. */
export function rowOf<const T extends readonly Field<unknown>[]>(
  ...fields: T
): Field<{ readonly [K in keyof T]: T[K] extends Field<infer V> ? V : never }> {
  type Row = { readonly [K in keyof T]: T[K] extends Field<infer V> ? V : never }
  return {
    print: (row) => fields.map((field, at) => field.print(row[at])),
    read(json) {
      if (!Array.isArray(json) || json.length !== fields.length) return undefined
      const row = fields.map((field, at) => field.read(json[at]))
      return row.every((value) => value !== undefined) ? (row as unknown as Row) : undefined
    },
  }
}

/** A value, or `null` where there is none. */
export function optional<T>(field: Field<T>): Field<T | null> {
  return {
    print: (value) => (value === null ? null : field.print(value)),
    read: (json) => (json === null ? null : field.read(json)),
  }
}
