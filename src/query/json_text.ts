/**
 * JSON as VictoriaLogs writes it into values: `<` and `'` are escaped too, so that it can stand in HTML. The same bytes on
 * both sides keep `stats by (…)` over such values the same.
 */
export function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[<']/g, (char) => (char === "<" ? "\\u003c" : "\\u0027"))
}

export function jsonList(items: readonly string[]): string {
  return `[${items.map(jsonString).join(",")}]`
}

/** Fields without a value are left out, as they are nothing to LogsQL. */
export function jsonObject(fields: readonly (readonly [name: string, value: string])[]): string {
  const members = fields
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${jsonString(name)}:${jsonString(value)}`)
  return `{${members.join(",")}}`
}

/** JSON as it was written: numbers with their digits, members in their order, strings with their escapes. */
export type Json =
  | { readonly kind: "text"; readonly text: string; readonly source: string }
  /** A number, `true`, `false`, `null`; also `NaN` and `Inf`, which loggers write. */
  | { readonly kind: "literal"; readonly source: string }
  | { readonly kind: "list"; readonly items: readonly Json[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [key: string, value: Json])[] }

/** Lists and objects inside each other; deeper ones are no JSON to us. */
const DEPTH_MAX = 128
const TOKEN = /[\t\n\r ]*(?:("(?:[^"\\\n\r]|\\.)*")|([-+.0-9A-Za-z]+)|([[\]{},:])|$)/sy
const LITERAL = /^(true|false|null|[-+]?(nan|inf(inity)?)|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/i

/** The value in a JSON text; undefined where it is none, or where something follows it. */
export function parseJson(text: string): Json | undefined {
  TOKEN.lastIndex = 0
  try {
    const value = readValue(text, nextToken(text), 0)
    return nextToken(text).kind === "end" ? value : undefined
  } catch (error) {
    if (error === NOT_JSON) return undefined
    throw error
  }
}

const NOT_JSON = new Error("not JSON")

type JsonToken = { readonly kind: "text" | "literal" | "sign" | "end"; readonly source: string }

function nextToken(text: string): JsonToken {
  const match = TOKEN.exec(text)
  if (match === null) throw NOT_JSON
  const [, string, literal, sign] = match
  if (string !== undefined) return { kind: "text", source: string }
  if (literal !== undefined) return { kind: "literal", source: literal }
  return sign !== undefined ? { kind: "sign", source: sign } : { kind: "end", source: "" }
}

function readValue(text: string, token: JsonToken, depth: number): Json {
  if (depth > DEPTH_MAX) throw NOT_JSON
  if (token.kind === "text") return { kind: "text", text: unescapeJson(token.source), source: token.source }
  if (token.kind === "literal") {
    if (!LITERAL.test(token.source)) throw NOT_JSON
    return { kind: "literal", source: token.source }
  }
  if (token.source === "[") {
    return { kind: "list", items: readItems(text, "]", (first) => readValue(text, first, depth + 1)) }
  }
  if (token.source !== "{") throw NOT_JSON
  const members = readItems(text, "}", (first) => {
    if (first.kind !== "text" || nextToken(text).source !== ":") throw NOT_JSON
    return [unescapeJson(first.source), readValue(text, nextToken(text), depth + 1)] as const
  })
  return { kind: "object", members }
}

function readItems<T>(text: string, end: string, readItem: (first: JsonToken) => T): readonly T[] {
  const items: T[] = []
  let token = nextToken(text)
  if (token.source === end) return items
  for (;;) {
    items.push(readItem(token))
    token = nextToken(text)
    if (token.kind === "sign" && token.source === end) return items
    if (token.kind !== "sign" || token.source !== ",") throw NOT_JSON
    token = nextToken(text)
  }
}

function unescapeJson(source: string): string {
  if (!source.includes("\\")) return source.slice(1, -1)
  try {
    // Control characters may stand as they are.
    const escaped = source.replace(
      /[^ -\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    return JSON.parse(escaped) as string
  } catch {
    throw NOT_JSON
  }
}

/** A value inside JSON as a field's value: strings without quotes, everything else as JSON without white space. */
export function jsonValue(json: Json): string {
  return json.kind === "text" ? json.text : writeJson(json)
}

function writeJson(json: Json): string {
  if (json.kind === "list") return `[${json.items.map(writeJson).join(",")}]`
  if (json.kind === "object")
    return `{${json.members.map(([key, value]) => `${jsonString(key)}:${writeJson(value)}`).join(",")}}`
  return json.source
}

/** The items of a JSON list as values; undefined where the text is no list. */
export function listItems(text: string): readonly string[] | undefined {
  if (!/^\s*\[/.test(text)) return undefined
  const list = parseJson(text)
  return list?.kind === "list" ? list.items.map(jsonValue) : undefined
}

/** The members of a JSON object with those of objects inside it under dotted names; empty where it is no object. */
export function flattenJson(
  text: string,
  keptWhole: (name: string) => boolean = () => false,
): readonly (readonly [name: string, value: string])[] {
  if (!/^\s*\{/.test(text)) return []
  const object = parseJson(text)
  const fields: (readonly [string, string])[] = []
  const add = (prefix: string, value: Json) => {
    if (value.kind === "object" && !keptWhole(prefix))
      for (const [key, inner] of value.members) add(`${prefix}.${key}`, inner)
    else if (value.kind !== "literal" || value.source !== "null") fields.push([prefix, jsonValue(value)])
  }
  if (object?.kind === "object") for (const [key, value] of object.members) add(key, value)
  return fields
}
