import { readFilter } from "./filter.ts"
import { parseDuration } from "./number.ts"
import { readPipes } from "./pipes/index.ts"
import { formatFilter } from "./print.ts"
import { type Grammar, Reader } from "./reader.ts"
import { simplifyFilter, simplifyPipes } from "./simplify.ts"
import type { Filter, Pipe, Query, Setting } from "./tree.ts"

const GRAMMAR: Grammar = {
  filter: (reader, field) => simplifyFilter(readFilter(reader, field)),
  query: readQuery,
}

/** Reads a query. Refuses `query.malformed`, `query.unsupported` or `query.tooLarge`, each with the place in the text. */
export function parseQuery(text: string): Query {
  const reader = new Reader(text, GRAMMAR)
  const query = readQuery(reader)
  if (!reader.atEnd) throw reader.refuse("expected the end of the query")
  return query
}

/** Reads pipes alone, as they stand behind a filter. */
export function parsePipes(text: string): readonly Pipe[] {
  const reader = new Reader(text, GRAMMAR)
  const pipes = readPipes(reader)
  if (!reader.atEnd) throw reader.refuse("expected the end of the pipes")
  return pipes
}

/** Reads a filter alone, as it stands in front of pipes. */
export function parseFilter(text: string): Filter {
  const reader = new Reader(text, GRAMMAR)
  const filter = GRAMMAR.filter(reader, undefined)
  if (!reader.atEnd) throw reader.refuse("expected the end of the filter")
  return filter
}

function readQuery(reader: Reader): Query {
  const options = readOptions(reader)
  return reader.within(options, () => {
    const filter = GRAMMAR.filter(reader, undefined)
    const pipes = reader.skip("|") ? readPipes(reader) : []
    return { ...simplifyPipes(filter, pipes), options }
  })
}

/** The value of an option as it is printed; undefined for what is none. */
const OPTIONS: Readonly<Record<string, (value: string) => string | undefined>> = {
  concurrency: count,
  parallel_readers: count,
  ignore_global_time_filter: truth,
  allow_partial_response: truth,
  time_offset: (value) => (parseDuration(value) === undefined ? undefined : value),
}

function count(value: string): string | undefined {
  return /^[0-9][0-9_]*$/.test(value) && Number(value.replaceAll("_", "")) < 2 ** 64
    ? value.replaceAll("_", "")
    : undefined
}

function truth(value: string): string | undefined {
  if (/^(true|1|t)$/i.test(value)) return "true"
  return /^(false|0|f)$/i.test(value) ? "false" : undefined
}

/** `options(a=b, …)` before a query. Queries inside a query have its options too. */
function readOptions(reader: Reader): readonly Setting[] {
  const settings = new Map(reader.options.map((setting) => [setting.name, setting]))
  if (!reader.is("options")) return reader.options
  reader.next()
  reader.expect("(", "after options")
  while (!reader.is(")")) {
    const setting = readSetting(reader)
    settings.set(setting.name, setting)
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" after an option`)
  }
  reader.next()
  return [...settings.values()]
}

function readSetting(reader: Reader): Setting {
  const start = reader.token
  const name = reader.next().text
  const read = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
  if (read === undefined && name !== "global_filter") throw reader.refuse("there is no such option", start)
  reader.expect("=", "after the option")
  if (read === undefined) {
    reader.expect("(", "before the filter of all queries")
    const filter = reader.nested(() => GRAMMAR.filter(reader, undefined))
    reader.expect(")", "after the filter of all queries")
    return { name, value: `(${formatFilter(filter)})`, filter }
  }
  const value = read(reader.compound("a value"))
  if (value === undefined) throw reader.refuse(`this is no value of the option ${name}`, start)
  return { name, value }
}
