import { isRefusal, type Refusal } from "../base/refusal.ts"
import { parseYaml, type YamlText } from "../base/yaml.ts"
import { illegal } from "./go-decode.ts"
import { goQuote } from "./go-quote.ts"
import { goYamlProblem } from "./go-yaml-problem.ts"

/**
 * The text of a policy as kube-apiserver reads it: as JSON when it begins with a brace, else as YAML that is turned into
 * JSON. Refuses `policy.illegal`, in the server's words where they are known. Who has the text's first document already
 * gives it as `read`: reading is most of the time that a policy takes.
 */
export function parsePolicyText(text: string, read?: YamlText): YamlText {
  return text.trimStart().startsWith("{") ? parseJsonText(text, read) : parseYamlText(text, read)
}

/** Flow YAML such as `{apiVersion: audit.k8s.io/v1}` begins like JSON, and is refused as such. */
function parseJsonText(text: string, read?: YamlText): YamlText {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const what = `couldn't get version/kind; json parse error: ${jsonProblem(text, String(error))}`
    throw illegal(`failed decoding: ${what}`, {}, error)
  }
  try {
    return { ...(read ?? parseYaml(text, "policy", "kubernetes")), value }
  } catch {
    return {
      value,
      placeOf: () => ({ line: 1, column: 1 }),
      spanOf: () => undefined,
      oddKeys: [],
      duplicateKeys: [],
    }
  }
}

function jsonProblem(text: string, problem: string): string {
  const key = /^\s*\{\s*([^"}\s])/.exec(text)?.[1]
  if (key !== undefined) return `invalid character '${key}' looking for beginning of object key string`
  return /end of JSON input|Unterminated/.test(problem) || text.trim() === "{"
    ? "unexpected end of JSON input"
    : "no JSON"
}

function parseYamlText(text: string, read?: YamlText): YamlText {
  if (UNPRINTABLE.test(text)) throw illegal("failed decoding: yaml: control characters are not allowed")
  refuseDirectives(text)
  const yaml = read ?? parse(text)
  const [odd] = yaml.oddKeys
  if (odd !== undefined) {
    const value = goSyntax(odd.value)
    throw illegal(
      odd.kind === "null"
        ? `failed decoding: unsupported map key of type: %!s(<nil>), key: <nil>, value: ${value}`
        : `failed decoding: yaml: invalid map key: ${value}`,
      odd.place,
    )
  }
  const number = nonFiniteIn(yaml.value)
  if (number !== undefined) {
    throw illegal(`failed decoding: json: unsupported value: ${goNumber(number)}`)
  }
  return yaml
}

/** What a YAML reader may not see (YAML 1.1 §5.1), in any document of the file. */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Lines that begin with a percent sign, before the first document: only `%YAML 1.1` and `%TAG` are known. */
function refuseDirectives(text: string): void {
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue
    if (/^\.\.\.(?:\s|$)/.test(line))
      throw illegal("failed decoding: yaml: did not find expected node content")
    if (!line.startsWith("%")) return
    const [word, version] = line.slice(1).trim().split(/\s+/)
    if (word === "TAG" || (word === "YAML" && version === "1.1")) continue
    throw illegal(
      `failed decoding: yaml: ${word === "YAML" ? "found incompatible YAML document" : "found unknown directive name"}`,
    )
  }
}

function parse(text: string): YamlText {
  try {
    return parseYaml(text, "policy", "kubernetes")
  } catch (error) {
    if (!isRefusal(error, "yaml.malformed")) throw error
    throw illegal(`failed decoding: yaml: ${goYamlProblem(error, text)}`, placeIn(error.facts), error)
  }
}

function placeIn({ line, column }: Refusal["facts"]): Refusal["facts"] {
  return line === undefined || column === undefined ? {} : { line, column }
}

function nonFiniteIn(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : value
  if (typeof value !== "object" || value === null) return undefined
  for (const item of Object.values(value)) {
    const found = nonFiniteIn(item)
    if (found !== undefined) return found
  }
  return undefined
}

function goNumber(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? "+Inf" : "-Inf"
}

/** A value as Go prints it with %#v; nothing is printed otherwise within others. */
function goSyntax(value: unknown, nothing = "<nil>"): string {
  if (value === null || value === undefined) return nothing
  if (typeof value === "string") return goQuote(value)
  if (typeof value === "number") return goNumber(value)
  const inside = (item: unknown) => goSyntax(item, "interface {}(nil)")
  if (Array.isArray(value)) return `[]interface {}{${value.map(inside).join(", ")}}`
  if (typeof value !== "object") return String(value)
  const pairs = Object.entries(value).map(([key, item]) => `${goQuote(key)}:${inside(item)}`)
  return `map[interface {}]interface {}{${pairs.join(", ")}}`
}
