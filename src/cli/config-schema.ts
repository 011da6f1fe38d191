import { type TSchema, Type } from "typebox"

// The words that config.ts is written in.

/** What our options say besides JSON Schema's own words. */
export type OptionNotes = {
  readonly description: string
  /** Why the default is what it is. */
  readonly reason?: string
  readonly unit?: "bytes" | "ms" | "minutes" | "hours" | "percent" | "records" | "rows" | "series"
  /** A file or folder: relative ones are resolved against the folder of the file that names them. */
  readonly path?: boolean
  /** Never printed. */
  readonly secret?: boolean
}

const strict = { additionalProperties: false }
export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

export const section = <P extends Record<string, TSchema>>(description: string, properties: P) =>
  Type.Object(properties, { ...strict, description })
export const integer = (bounds: { minimum: number; maximum: number; default: number }, notes: OptionNotes) =>
  Type.Integer({ ...bounds, ...notes })
export const choice = <V extends string>(values: readonly V[], byDefault: NoInfer<V>, notes: OptionNotes) =>
  Type.Unsafe<V>(Type.Enum([...values], { default: byDefault, ...notes }))
export const flag = (notes: OptionNotes) => Type.Boolean({ default: false, ...notes })
export const text = (notes: OptionNotes) => Type.String({ minLength: 1, ...notes })
export const maybeText = (notes: OptionNotes) => Type.Optional(text(notes))
export const texts = (notes: OptionNotes) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, ...notes }))
export const file = (notes: OptionNotes) => text({ ...notes, path: true })
export const maybeFile = (notes: OptionNotes) => Type.Optional(file(notes))
export const sha256Hex = (notes: OptionNotes) =>
  Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$", secret: true, ...notes }))
