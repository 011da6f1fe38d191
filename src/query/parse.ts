import { readFilter } from "./filter.ts"
import { parseDuration } from "./number.ts"
import { readPipes } from "./pipes/index.ts"
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

const BOOLEAN = /^(true|false|1|0|t|f)$/i
const OPTIONS: Readonly<Record<string, (value: string) => boolean>> = {
  concurrency: (value) => /^[0-9]+$/.test(value),
  parallel_readers: (value) => /^[0-9]+$/.test(value),
  ignore_global_time_filter: (value) => BOOLEAN.test(value),
  allow_partial_response: (value) => BOOLEAN.test(value),
  time_offset: (value) => parseDuration(value) !== undefined,
}

/** `options(a=b, …)` before a query. Queries inside a query have its options too. */
function readOptions(reader: Reader): readonly Setting[] {
  const settings = new Map(reader.options.map(({ name, value }) => [name, value]))
  if (!reader.is("options")) return reader.options
  reader.next()
  reader.expect("(", "after options")
  while (!reader.is(")")) {
    const start = reader.token
    const name = reader.next().text
    const isValue = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined
    if (isValue === undefined) throw reader.refuse("there is no such option", start)
    reader.expect("=", "after the option")
    const value = reader.compound("a value")
    if (!isValue(value)) throw reader.refuse(`this is no value of the option ${name}`, start)
    settings.set(name, value)
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" after an option`)
  }
  reader.next()
  return [...settings].map(([name, value]) => ({ name, value }))
}
