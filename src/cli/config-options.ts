import { Config } from "./config.ts"
import type { OptionNotes } from "./config-schema.ts"

/** One node of the schema, as JSON Schema that we write ourselves: the few words used in config.ts. */
export type SchemaNode = OptionNotes & {
  readonly type?: "object" | "array" | "string" | "integer" | "boolean"
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}

/** One option that can be set as a whole: by a key in the file, a variable, `--set`. */
export type ConfigOption = {
  /** Dotted: `listen.port`. */
  readonly name: string
  readonly path: readonly string[]
  readonly schema: SchemaNode
  /** TALLYSTICK_LISTEN_PORT */
  readonly variable: string
}

export const CONFIG_SCHEMA = Config as unknown as SchemaNode

export const VARIABLE_PREFIX = "TALLYSTICK_"

/** Every option outside lists, in the order of the schema. A list is one option, given as a whole. */
export const CONFIG_OPTIONS_ALL: readonly ConfigOption[] = optionsOf(CONFIG_SCHEMA, [])

function optionsOf(schema: SchemaNode, path: readonly string[]): readonly ConfigOption[] {
  if (schema.properties === undefined) {
    return [{ name: path.join("."), path, schema, variable: variableOf(path) }]
  }
  return Object.entries(schema.properties).flatMap(([key, child]) => optionsOf(child, [...path, key]))
}

function variableOf(path: readonly string[]): string {
  const words = path.map((key) => key.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase())
  return VARIABLE_PREFIX + words.join("_")
}

/** The schema at the end of a path through values, list positions included; undefined where there is none. */
export function schemaAt(path: readonly (string | number)[]): SchemaNode | undefined {
  let schema: SchemaNode | undefined = CONFIG_SCHEMA
  for (const step of path) {
    schema = schema?.type === "array" ? schema.items : schema?.properties?.[String(step)]
  }
  return schema
}

/** What a value must be, in words: `a whole number from 1 to 65,535`. */
export function describeSchema(schema: SchemaNode): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`
  switch (schema.type) {
    case "integer":
      return `a whole number${boundsOf(schema)}${schema.unit === "bytes" ? ", or a size like 64MiB" : ""}`
    case "boolean":
      return "true or false"
    case "array":
      return `a list of ${schema.items?.properties === undefined ? "texts" : `{ ${Object.keys(schema.items.properties).join(", ")} }`}`
    case "object":
      return `a section with ${Object.keys(schema.properties ?? {}).join(", ")}`
    default:
      return schema.pattern === undefined ? "a text" : `a text that matches ${schema.pattern}`
  }
}

function boundsOf({ minimum, maximum }: SchemaNode): string {
  if (minimum === undefined || maximum === undefined) return ""
  return ` from ${minimum.toLocaleString("en")} to ${maximum.toLocaleString("en")}`
}
