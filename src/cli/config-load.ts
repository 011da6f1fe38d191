import { lstatSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Value } from "typebox/value"
import { nearest } from "../base/nearest.ts"
import { Refusal } from "../base/refusal.ts"
import { type Place, parseYaml, type YamlPath, type YamlText } from "../base/yaml.ts"
import { CLIENT_VARIABLES } from "./client-variables.ts"
import type { Option, Options, World } from "./command.ts"
import { Config, type ConfigType } from "./config.ts"
import {
  CONFIG_OPTIONS_ALL,
  type ConfigOption,
  describeSchema,
  type SchemaNode,
  schemaAt,
  VARIABLE_PREFIX,
} from "./config-options.ts"
import { checkTogether } from "./config-rules.ts"
import { readText } from "./read.ts"

/** Flags of every command that reads the configuration. */
export const CONFIG_FLAGS: readonly Option[] = [
  {
    flags: "-c, --config <file>",
    description: "configuration file (default: ./tallystick.yaml where there is one)",
  },
  {
    flags: "-s, --set <option=value...>",
    description: "set one option of docs/CONFIG.md, as in listen.port=9000; may be repeated",
  },
  { flags: "--dir <dir>", description: "the ledger's directory (short for --set dir=<dir>)" },
]

/** Where the value of an option was found. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly file: string; readonly place: Place }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "flag"; readonly flag: string }

/** One thing to correct, with its place and a way to correct it. */
export type ConfigFinding = { readonly where: string; readonly key: string; readonly message: string }

export type LoadedConfig = {
  readonly config: ConfigType
  /** The file that was read. */
  readonly file: string | undefined
  /** By dotted name; options that nobody gave and that have no default are missing. */
  readonly origins: ReadonlyMap<string, Origin>
}

const DEFAULT_FILE = "tallystick.yaml"
const FILE_VARIABLE = `${VARIABLE_PREFIX}CONFIG`

/** The configuration in force: flags before environment before file before defaults. Refuses `config.malformed`. */
export async function loadConfig(options: Options, world: World): Promise<LoadedConfig> {
  const { loaded, findings } = await checkConfig(options, world)
  const [first, ...others] = findings
  if (first === undefined && loaded !== undefined) return loaded
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`
  throw new Refusal("config.malformed", `${first?.where}: ${first?.message}${more}`, {
    findings: findings.map(({ where, message }) => `${where}: ${message}`),
  })
}

/** As {@link loadConfig}, but collects what is wrong. */
export async function checkConfig(
  options: Options,
  world: World,
): Promise<{ readonly loaded?: LoadedConfig; readonly findings: readonly ConfigFinding[] }> {
  const draft = newDraft()
  const file = await readFileLayer(options, world, draft)
  readEnvironment(world, draft)
  readFlags(options, world, draft)
  if (draft.findings.length === 0) fillDefaults(world, draft)
  const findings = [...draft.findings, ...checkSchema(draft)]
  if (findings.length > 0) return { findings }
  const config = draft.value as ConfigType
  const together = checkTogether(config).map(({ key, message }) => ({
    where: whereOf(draft, splitName(key)),
    key,
    message,
  }))
  return { loaded: { config, file, origins: draft.origins }, findings: together }
}

/** The configuration while it is put together. */
type Draft = {
  value: Record<string, unknown>
  readonly origins: Map<string, Origin>
  readonly findings: ConfigFinding[]
  file?: { readonly name: string; readonly yaml: YamlText }
}

function newDraft(): Draft {
  return { value: {}, origins: new Map(), findings: [] }
}

async function readFileLayer(options: Options, world: World, draft: Draft): Promise<string | undefined> {
  const asked = typeof options.config === "string" ? options.config : world.env[FILE_VARIABLE]
  const name = asked ?? DEFAULT_FILE
  const path = resolve(world.cwd, name)
  // The default file is optional; one that is there and cannot be read is not: defaults would open other doors.
  // A link that leads nowhere is there.
  if (asked === undefined && lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const text = await readText(path)
  draft.file = { name, yaml: parseYaml(text, name) }
  const value = draft.file.yaml.value ?? {}
  if (!isSection(value)) {
    draft.findings.push({
      where: `${name}:1:1`,
      key: "",
      message: `expected keys and values, saw ${show(value)}`,
    })
    return path
  }
  draft.value = value
  for (const option of CONFIG_OPTIONS_ALL) {
    const found = valueAt(value, option.path)
    if (found === undefined) continue
    draft.origins.set(option.name, { kind: "file", file: name, place: draft.file.yaml.placeOf(option.path) })
    setAt(value, option.path, resolvePaths(fromText(found, option.schema), option.schema, dirname(path)))
  }
  return path
}

/**
 * Kubernetes gives every pod variables about the services of its namespace: a service called `tallystick` makes
 * TALLYSTICK_PORT=tcp://10.0.0.1:9628 and TALLYSTICK_SERVICE_HOST. They are not ours, and not mistakes.
 */
function isServiceVariable(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_\w+)?$/.test(name) ||
    /^(tcp|udp|sctp):\/\//.test(value) ||
    /_PORT_\d+_(TCP|UDP|SCTP)/.test(name)
  )
}

function readEnvironment(world: World, draft: Draft): void {
  const known = new Map(CONFIG_OPTIONS_ALL.map((option) => [option.variable, option]))
  for (const [name, value] of Object.entries(world.env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(VARIABLE_PREFIX) || value === undefined || name === FILE_VARIABLE) continue
    if (CLIENT_VARIABLES.includes(name) || isServiceVariable(name, value)) continue
    const option = known.get(name)
    if (option === undefined) {
      const meant = nearest(name, known.keys())
      const message = `unknown variable${meant === undefined ? "" : `; did you mean ${meant}?`}`
      draft.findings.push({ where: name, key: name, message })
    } else setOption(draft, option, value, { kind: "variable", name }, world.cwd)
  }
}

function readFlags(options: Options, world: World, draft: Draft): void {
  const known = new Map(CONFIG_OPTIONS_ALL.map((option) => [option.name, option]))
  const assignments = Array.isArray(options.set) ? (options.set as readonly string[]) : []
  for (const assignment of assignments) {
    const equals = assignment.indexOf("=")
    const name = equals < 0 ? assignment : assignment.slice(0, equals)
    const option = known.get(name)
    if (equals < 0) {
      draft.findings.push({
        where: "--set",
        key: name,
        message: `expected option=value, saw ${show(assignment)}`,
      })
    } else if (option === undefined) {
      const meant = nearest(name, known.keys())
      const message = `unknown option ${show(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`
      draft.findings.push({ where: "--set", key: name, message })
    } else
      setOption(
        draft,
        option,
        assignment.slice(equals + 1),
        { kind: "flag", flag: `--set ${name}` },
        world.cwd,
      )
  }
  const dir = known.get("dir")
  if (typeof options.dir === "string" && dir !== undefined) {
    setOption(draft, dir, options.dir, { kind: "flag", flag: "--dir" }, world.cwd)
  }
}

function setOption(draft: Draft, option: ConfigOption, text: string, origin: Origin, folder: string): void {
  draft.origins.set(option.name, origin)
  setAt(draft.value, option.path, resolvePaths(fromText(text, option.schema), option.schema, folder))
}

function fillDefaults(world: World, draft: Draft): void {
  for (const { path, name, schema } of CONFIG_OPTIONS_ALL) {
    if (schema.default === undefined || valueAt(draft.value, path) !== undefined) continue
    if (isInAbsentSection(draft.value, path)) continue
    draft.origins.set(name, { kind: "default" })
    setAt(draft.value, path, resolvePaths(structuredClone(schema.default), schema, world.cwd))
  }
  fillItems(draft.value, CONFIG_OPTIONS_ALL)
}

/** Defaults inside the items of lists. */
function fillItems(value: Record<string, unknown>, options: readonly ConfigOption[]): void {
  for (const { path, schema } of options) {
    const items = valueAt(value, path)
    if (!Array.isArray(items)) continue
    for (const item of items) {
      if (!isSection(item)) continue
      for (const [key, child] of Object.entries(schema.items?.properties ?? {})) {
        if (child.default !== undefined && item[key] === undefined) item[key] = structuredClone(child.default)
      }
    }
  }
}

/** Optional sections (tls) stay away unless something in them is given. */
function isInAbsentSection(value: Record<string, unknown>, path: readonly string[]): boolean {
  const [top = ""] = path
  return path.length > 1 && value[top] === undefined && !(schemaAt([])?.required ?? []).includes(top)
}

function checkSchema(draft: Draft): readonly ConfigFinding[] {
  const findings = new Map<string, ConfigFinding>()
  const add = (path: YamlPath, message: string) => {
    const key = path.join(".")
    if (!findings.has(key)) findings.set(key, { where: whereOf(draft, path), key, message })
  }
  for (const error of Value.Errors(Config, draft.value)) {
    const path = pathOf(error.instancePath)
    const schema = schemaAt(path)
    if (error.keyword === "additionalProperties") {
      for (const extra of error.params.additionalProperties) add([...path, extra], unknownKey(extra, schema))
    } else if (error.keyword === "required") {
      for (const missing of error.params.requiredProperties) {
        const wanted = schema?.properties?.[missing]
        if (wanted?.default !== undefined || wanted?.type === "object") continue // would be filled in
        add([...path, missing], `${show(missing)} is missing: ${lowerFirst(wanted?.description ?? "")}`)
      }
    } else if (schema !== undefined) {
      add(
        path,
        `expected ${describeSchema(schema)}, saw ${schema.secret ? "something else" : show(valueAtPath(draft.value, path))}`,
      )
    }
  }
  return [...findings.values()]
}

function unknownKey(key: string, section: SchemaNode | undefined): string {
  const known = Object.keys(section?.properties ?? {})
  const elsewhere = CONFIG_OPTIONS_ALL.find((option) => option.path.at(-1) === key)?.name
  const meant = nearest(key, known) ?? elsewhere
  return `unknown key ${show(key)}; ${meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`}`
}

function whereOf(draft: Draft, path: YamlPath): string {
  const name = path.filter((step) => typeof step === "string").join(".")
  const owner = [...draft.origins].find(([known]) => name === known || name.startsWith(`${known}.`))?.[1]
  if (owner !== undefined && owner.kind !== "file") return formatOrigin(owner)
  if (draft.file === undefined) return name === "" ? "configuration" : name
  const { line, column } = draft.file.yaml.placeOf(path)
  return `${draft.file.name}:${line}:${column}`
}

export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default"
    case "file":
      return `${origin.file}:${origin.place.line}:${origin.place.column}`
    case "variable":
      return origin.name
    case "flag":
      return origin.flag
  }
}

function pathOf(pointer: string): YamlPath {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => stepOf(step.replaceAll("~1", "/").replaceAll("~0", "~")))
}

function splitName(name: string): YamlPath {
  return name.split(".").map(stepOf)
}

function stepOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}

function valueAtPath(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((at, step) => (Object(at) as Record<string | number, unknown>)[step], value)
}

const SIZE_UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** A value given as text becomes what the schema says, where it can; what cannot is left for the check to refuse. */
function fromText(value: unknown, schema: SchemaNode): unknown {
  if (typeof value !== "string") return value
  if (schema.type === "integer") {
    const size = schema.unit === "bytes" ? /^(\d+) ?([KMG]iB)$/.exec(value) : null
    if (size !== null) return Number(size[1]) * (SIZE_UNITS[size[2] ?? ""] ?? 1)
    return /^\d+$/.test(value) ? Number(value) : value
  }
  if (schema.type === "boolean") return value === "true" ? true : value === "false" ? false : value
  if (schema.type !== "array") return value
  try {
    return parseYaml(value, "list").value
  } catch {
    return value
  }
}

function resolvePaths(value: unknown, schema: SchemaNode, folder: string): unknown {
  if (schema.path === true && typeof value === "string") return resolve(folder, value)
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    return value.map((item) => resolvePaths(item, items, folder))
  }
  if (isSection(value) && schema.properties !== undefined) {
    const { properties } = schema
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => {
        const child = properties[key]
        return [key, child === undefined ? part : resolvePaths(part, child, folder)]
      }),
    )
  }
  return value
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (isSection(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    value,
  )
}

/** Leaves anything that stands in the way for the check to refuse. */
function setAt(value: Record<string, unknown>, path: readonly string[], leaf: unknown): void {
  const [key = "", ...rest] = path
  if (rest.length === 0) {
    value[key] = leaf
    return
  }
  if (value[key] === undefined || value[key] === null) value[key] = {}
  const inner = value[key]
  if (isSection(inner)) setAt(inner, rest, leaf)
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80)
}

function lowerFirst(text: string): string {
  const acronym = /^[A-Z]{2}/.test(text)
  return (acronym ? text : text.slice(0, 1).toLowerCase() + text.slice(1)).replace(/\.$/, "")
}
