import { assert } from "../../base/assert.ts"
import { Refusal } from "../../base/refusal.ts"
import { parseDuration } from "../number.ts"
import { quote } from "../quote.ts"
import { parseTimeOfDay } from "../time.ts"

/**
 * A piece of LogsQL that says what its author meant. Only this file makes one: from a template's own text and from values
 * that were read and printed by their kind. So no value given to a question can become a part of its query.
 */
export type Logsql = { readonly logsql: string }

export function logsql(texts: TemplateStringsArray, ...pieces: readonly Logsql[]): Logsql {
  const joined = texts.map((text, i) => text + (pieces[i]?.logsql ?? "")).join("")
  return { logsql: joined.replaceAll(/\s*\n\s*/g, " ").trim() }
}

export type ParameterKind = "text" | "duration" | "timeOfDay"
export type Parameter = {
  readonly name: string
  readonly kind: ParameterKind
  readonly description: string
  readonly example: string
  /** Without it, and not optional: it must be given. */
  readonly byDefault?: string
  readonly optional?: boolean
}

/** Longer than any name of Kubernetes or of a person. */
const TEXT_CHARS_MAX = 512

const KINDS: Readonly<
  Record<ParameterKind, { expected: string; read: (text: string) => string | undefined }>
> = {
  text: {
    expected: `text of 1 to ${TEXT_CHARS_MAX} characters`,
    read: (text) => (text === "" || text.length > TEXT_CHARS_MAX ? undefined : quote(text)),
  },
  duration: {
    expected: "a duration like 7d",
    read: (text) => {
      const nanos = parseDuration(text)
      return nanos === undefined || nanos <= 0 ? undefined : text
    },
  },
  timeOfDay: {
    expected: "a time of day like 08:00",
    read: (text) => (parseTimeOfDay(text) === undefined ? undefined : text),
  },
}

/** What a question's query is made of: the values it was given, as LogsQL. */
export type Given = {
  /** A value that is there: given, or by default. */
  value(name: string): Logsql
  /** `field:="value"`; all records where an optional value was not given. `field` is a name of the catalogue. */
  where(name: string, field: string): Logsql
}

/** Reads values by their kinds. Refuses `usage` for unknown, missing and unreadable ones. */
export function readGiven(parameters: readonly Parameter[], values: Readonly<Record<string, string>>): Given {
  const known = new Set(parameters.map(({ name }) => name))
  const stranger = Object.keys(values).find((name) => !known.has(name))
  if (stranger !== undefined) {
    const takes = parameters.length === 0 ? "nothing" : [...known].map((name) => `--${name}`).join(", ")
    throw new Refusal("usage", `this question does not take --${stranger}; it takes ${takes}`)
  }
  const read = new Map<string, Logsql>()
  for (const { name, kind, byDefault, optional, example } of parameters) {
    const text = Object.hasOwn(values, name) ? values[name] : byDefault
    if (text === undefined) {
      if (optional === true) continue
      throw new Refusal("usage", `this question needs --${name}, as in --${name} ${example}`)
    }
    const printed = KINDS[kind].read(text)
    if (printed === undefined) {
      const seen = JSON.stringify(text.slice(0, 80))
      throw new Refusal("usage", `expected --${name} to be ${KINDS[kind].expected}, saw ${seen}`)
    }
    read.set(name, { logsql: printed })
  }
  return {
    value(name) {
      const value = read.get(name)
      assert(value !== undefined, `the question declares ${name}, and not as optional`)
      return value
    },
    where(name, field) {
      const value = read.get(name)
      return value === undefined ? logsql`*` : { logsql: `${field}:=${value.logsql}` }
    },
  }
}
