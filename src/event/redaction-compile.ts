import { toBytes } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { compileLinear, type LinearRegexp } from "../base/regexp.ts"
import { type Path, parsePath } from "./path.ts"
import type { RedactionRule } from "./redaction-rules.ts"
import { SIGNS } from "./scan.ts"

/** One rule, ready to be applied. */
export type Rule = {
  readonly name: string
  readonly resources: readonly string[] | undefined
  readonly kinds: readonly string[]
  readonly what:
    | { readonly kind: "objects"; readonly paths: readonly Path[] }
    | { readonly kind: "places"; readonly paths: readonly Path[] }
    | { readonly kind: "parameters"; readonly name: LinearRegexp }
    | {
        readonly kind: "pattern"
        readonly regexp: LinearRegexp
        readonly whole: boolean
        readonly contains: readonly string[]
        readonly paths: readonly Path[]
      }
}

/** Rules, and what an event must show for any of them to be able to hit. */
export type Rules = {
  readonly rules: readonly Rule[]
  /** Some rule may hit any event. */
  readonly always: boolean
  /** Some rule is about kinds that the scan has no sign for. */
  readonly anyBody: boolean
  /** Some rule is about resources, and a body without objectRef may be of one. */
  readonly unnamedBody: boolean
  readonly signs: number
  readonly resources: ReadonlySet<string>
  /**
   * One of these texts stands in any event of those resources that is hit though it has no body; undefined where that
   * cannot be said.
   */
  readonly marksOfResources: readonly Uint8Array[] | undefined
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/
const PATTERN_CHARS_MAX = 1000

/**
 * Resources whose bodies the scan marks by itself where an event has no objectRef (SIGNS.secret, by the
 * path).
 */
const MARKED_BY_PATH: ReadonlySet<string> = new Set(["secrets", "tokenreviews", "serviceaccounts/token"])

/** Refuses `redaction.malformed`, naming the rule. */
export function compileRules(rules: readonly RedactionRule[]): Rules {
  const names = new Set<string>()
  const compiled = rules.map((rule) => {
    const refuse = (why: string, cause?: unknown) =>
      new Refusal("redaction.malformed", `redaction rule ${JSON.stringify(rule.name)}: ${why}`, {}, cause)
    if (!NAME.test(rule.name))
      throw refuse("its name should be lower-case words with hyphens, at most 32 characters")
    if (names.has(rule.name)) throw refuse("another rule has the same name")
    names.add(rule.name)
    return compileRule(rule, refuse)
  })
  const needs = compiled.map(needsOf)
  return {
    rules: compiled,
    always: needs.some(({ always }) => always),
    anyBody: needs.some(({ anyBody }) => anyBody),
    unnamedBody: compiled.some(
      ({ resources }) => resources?.some((name) => !MARKED_BY_PATH.has(name)) ?? false,
    ),
    signs: needs.reduce((signs, need) => signs | need.signs, 0),
    resources: new Set(compiled.flatMap(({ resources = [] }) => resources)),
    marksOfResources: marksOf(compiled.filter(({ resources }) => resources !== undefined)),
  }
}

type Refuse = (why: string, cause?: unknown) => Refusal

function compileRule(rule: RedactionRule, refuse: Refuse): Rule {
  const { name, when = {}, objectPaths, paths, parameters, pattern } = rule
  const resources = when.resources
  const kinds = when.kinds ?? []
  const about = [objectPaths, parameters, pattern, pattern === undefined ? paths : undefined]
  if (about.filter((given) => given !== undefined).length !== 1) {
    throw refuse("it should have exactly one of objectPaths, paths, parameters and pattern")
  }
  if (kinds.length > 0 && objectPaths === undefined) throw refuse("when.kinds goes with objectPaths only")
  if (objectPaths !== undefined) {
    if (resources === undefined && kinds.length === 0)
      throw refuse("objectPaths needs when.resources or when.kinds")
    return {
      name,
      resources: resources ?? [],
      kinds,
      what: { kind: "objects", paths: parsePaths(objectPaths, refuse) },
    }
  }
  if (parameters !== undefined) {
    return { name, resources, kinds, what: { kind: "parameters", name: compilePattern(parameters, refuse) } }
  }
  const places = parsePaths(paths ?? [], refuse)
  if (pattern === undefined) return { name, resources, kinds, what: { kind: "places", paths: places } }
  const regexp = compilePattern(pattern, refuse)
  const { whole = false, contains = [] } = rule
  return { name, resources, kinds, what: { kind: "pattern", regexp, whole, contains, paths: places } }
}

function parsePaths(texts: readonly string[], refuse: Refuse): readonly Path[] {
  return texts.map((text) => {
    const path = parsePath(text)
    if (path === undefined) throw refuse(`${JSON.stringify(text)} is no path like requestObject.data.*`)
    return path
  })
}

function compilePattern(source: string, refuse: Refuse): LinearRegexp {
  if (source.length > PATTERN_CHARS_MAX)
    throw refuse(`its pattern is longer than ${PATTERN_CHARS_MAX} characters`)
  try {
    return compileLinear(source)
  } catch (error) {
    throw refuse(
      `its pattern is no regular expression of RE2: ${error instanceof Error ? error.message : ""}`,
      error,
    )
  }
}

/** What must be seen for the rule to hit, besides its resources. */
function needsOf({ what, kinds, resources }: Rule): { signs: number; always: boolean; anyBody: boolean } {
  const nothing = { signs: 0, always: false, anyBody: false }
  switch (what.kind) {
    case "objects": {
      const signs = kinds.map(signOfKind)
      return {
        ...nothing,
        signs: signs.reduce((all, sign) => all | sign, SIGNS.secret),
        anyBody: signs.includes(0),
      }
    }
    case "parameters":
      return { ...nothing, signs: SIGNS.query }
    case "places":
      return { ...nothing, always: resources === undefined }
    case "pattern": {
      if (resources !== undefined) return nothing
      const signs = what.contains.map((text) => signOfText(text, what.paths))
      return {
        ...nothing,
        signs: signs.reduce((all, sign) => all | sign, 0),
        always: signs.length === 0 || signs.includes(0),
      }
    }
  }
}

/** Printable, and never escaped by those who escape what need not be (SIGNS.escape tells of others). */
const PLAIN_TEXT = /^[ !#-%'-;=?-[\]-~]+$/

/** What an event without a body shows, as it stands in the bytes, if one of these rules hits it. */
function marksOf(rules: readonly Rule[]): readonly Uint8Array[] | undefined {
  const marks = rules.flatMap(textsOf)
  const plain = marks.flatMap((mark) => (mark !== undefined && PLAIN_TEXT.test(mark) ? [toBytes(mark)] : []))
  return plain.length < marks.length ? undefined : plain
}

/** Undefined among them: it may hit without any text that is known. */
function textsOf({ what }: Rule): readonly (string | undefined)[] {
  switch (what.kind) {
    case "objects":
      return [] // they are in bodies
    case "places":
      return what.paths.map(keyOf)
    case "pattern":
      return what.contains.length === 0 ? [undefined] : what.contains
    case "parameters":
      return [undefined]
  }
}

/** The longest text of a key on the path: without it nothing is at that place. */
function keyOf(path: Path): string | undefined {
  const texts = path.flatMap((step) => {
    if (step.kind === "key") return [step.key]
    return step.kind === "like" ? [step.before, step.after] : []
  })
  return texts.sort((a, b) => b.length - a.length)[0]
}

function signOfKind(kind: string): number {
  if (kind.startsWith("Secret")) return SIGNS.secret
  return kind.startsWith("TokenRe") ? SIGNS.token : 0
}

/** The sign the scan shows for every string that holds `text`; 0 where there is none. */
function signOfText(text: string, paths: readonly Path[]): number {
  if (text === "eyJ") return SIGNS.jwt
  if (text === "Bearer") return SIGNS.bearer
  if (/^["' ]Secret/.test(text)) return SIGNS.secret
  // "command" is no harmless parameter, so it shows in the query of requestURI, and only there.
  const onlyUri =
    paths.length > 0 && paths.every(([step]) => step?.kind === "key" && step.key === "requestURI")
  return text === "command=" && onlyUri ? SIGNS.query : 0
}
