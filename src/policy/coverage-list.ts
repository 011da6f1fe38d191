import { Refusal } from "../base/refusal.ts"
import { parseYaml, type YamlPath } from "../base/yaml.ts"
import { READ_VERBS, WRITE_VERBS } from "./catalogue.ts"
import { LEVELS, type Level } from "./policy.ts"
import type { Protected } from "./protected.ts"

const KEYS = ["group", "resources", "verbs", "level", "levelMax", "why"]
const VERBS_DEFAULT = [...READ_VERBS, ...WRITE_VERBS]

/**
 * A coverage list as YAML: a list of `{group, resources, verbs, level, levelMax, why}`. Left out are: the core group, every
 * verb, level Metadata, no upper level. Refuses `coverage.malformed` with line and column.
 */
export function parseCoverageList(text: string, name: string): readonly Protected[] {
  const yaml = parseYaml(text, name)
  const refuse = (path: YamlPath, what: string): Refusal => {
    const { line, column } = yaml.placeOf(path)
    return new Refusal("coverage.malformed", `${name}:${line}:${column}: ${what}`, { line, column })
  }
  if (!Array.isArray(yaml.value)) throw refuse([], "expected a list")
  // Everything would cover it, and the smallest policy for it records nothing.
  if (yaml.value.length === 0) throw refuse([], "an empty list asks for nothing")
  return yaml.value.map((item: unknown, index): Protected => {
    if (typeof item !== "object" || item === null || Array.isArray(item))
      throw refuse([index], "expected keys")
    const from = item as Readonly<Record<string, unknown>>
    for (const key of Object.keys(from)) {
      if (!KEYS.includes(key))
        throw refuse([index, key], `unknown key ${key}; known here: ${KEYS.join(", ")}`)
    }
    const words = (key: string): readonly string[] => {
      const value = from[key]
      if (Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string"))
        return value
      throw refuse([index, key], `expected a list of words for ${key}`)
    }
    const word = (key: string, missing: string): string => {
      const value = from[key] ?? missing
      if (typeof value === "string") return value
      throw refuse([index, key], `expected a word for ${key}`)
    }
    const level = (key: string, missing: Level): Level => {
      const value = LEVELS.find((known) => known === word(key, missing))
      if (value === undefined) throw refuse([index, key], `expected ${LEVELS.join(", ")} for ${key}`)
      return value
    }
    return {
      group: word("group", ""),
      resources: words("resources"),
      verbs: from.verbs === undefined ? VERBS_DEFAULT : words("verbs"),
      level: level("level", "Metadata"),
      ...(from.levelMax === undefined ? {} : { levelMax: level("levelMax", "RequestResponse") }),
      why: word("why", ""),
    }
  })
}
