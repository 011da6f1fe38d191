import type { ConfigType } from "./config.ts"
import { formatOrigin, type LoadedConfig } from "./config-load.ts"
import { CONFIG_OPTIONS_ALL, CONFIG_SCHEMA, type SchemaNode } from "./config-options.ts"

const MASK = "***"

/** The configuration without its secrets. */
export function publicConfig(config: ConfigType): unknown {
  return masked(config, CONFIG_SCHEMA)
}

/**
 * YAML that can be used as a configuration again (secrets excepted), each option with a comment saying where it comes
 * from. Values are written as JSON, which is YAML.
 */
export function formatConfig({ config, origins }: LoadedConfig): string {
  const lines: string[] = []
  let open: readonly string[] = []
  for (const { name, path, schema } of CONFIG_OPTIONS_ALL) {
    const origin = origins.get(name)
    if (origin === undefined) continue
    const folder = path.slice(0, -1)
    folder.forEach((key, depth) => {
      if (open[depth] !== key || depth >= open.length) lines.push(`${"  ".repeat(depth)}${key}:`)
    })
    open = folder
    const value = path.reduce<unknown>((at, key) => (Object(at) as Record<string, unknown>)[key], config)
    const text = JSON.stringify(masked(value, schema))
    lines.push(`${"  ".repeat(folder.length)}${path.at(-1)}: ${text} # ${formatOrigin(origin)}`)
  }
  return `${lines.join("\n")}\n`
}

function masked(value: unknown, schema: SchemaNode): unknown {
  if (schema.secret === true && value !== undefined) return MASK
  if (Array.isArray(value))
    return value.map((item) => (schema.items === undefined ? item : masked(item, schema.items)))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const child = schema.properties?.[key]
      return [key, child === undefined ? part : masked(part, child)]
    }),
  )
}
