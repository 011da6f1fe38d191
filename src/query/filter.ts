import { FUNCTION_FILTERS, SIGN_FILTERS } from "./filters/index.ts"
import { phraseFilter } from "./filters/phrase.ts"
import { prefixFilter } from "./filters/prefix.ts"
import { readStream } from "./filters/stream.ts"
import { substringFilter } from "./filters/substring.ts"
import { readStreamId } from "./filters/stream_id.ts"
import { readTime } from "./filters/time.ts"
import { cannotBeginFilter, FILTER_WORDS } from "./keywords.ts"
import type { Reader } from "./reader.ts"
import type { Filter } from "./tree.ts"
import { anyField } from "./value.ts"
import type { FilterWord } from "./word.ts"

const bySign = new Map(SIGN_FILTERS.map((filter) => [filter.word, filter]))
const byFunction = new Map(FUNCTION_FILTERS.map((filter) => [filter.word, filter]))
const KNOWN = new Set(FILTER_WORDS)
/** What may stand before `(` without white space; a word there is a function nobody knows. */
const BEFORE_GROUP = new Set(["", ":", "(", "!", "-", "not", "and", "or", "|"])

/**
 * Reads a whole filter:
 *
 *     filter := or      or := and { "or" and }      and := not { ["and"] not }      not := ("not" | "!" | "-") not | atom
 *
 * `field` is what the atoms inside are about, when the filter stands in `field:( … )`.
 */
export function readFilter(reader: Reader, field: string | undefined): Filter {
  if (reader.is("|", ")", "")) throw reader.refuse("expected a filter")
  if (field === undefined && !reader.token.quoted && cannotBeginFilter(reader.token.text)) {
    throw reader.refuse(
      `${JSON.stringify(reader.token.text)} is the name of a pipe; put it in quotes to search for it`,
    )
  }
  return readOr(reader, field)
}

function readOr(reader: Reader, field: string | undefined): Filter {
  const filters = [readAnd(reader, field)]
  while (!reader.is("|", ")", "")) {
    reader.expect("or", "between two filters")
    filters.push(readAnd(reader, field))
  }
  return filters.length === 1 && filters[0] !== undefined ? filters[0] : { kind: "or", filters }
}

function readAnd(reader: Reader, field: string | undefined): Filter {
  const filters = [readNot(reader, field)]
  while (!reader.is("or", "|", ")", "")) {
    reader.skip("and")
    filters.push(readNot(reader, field))
  }
  return filters.length === 1 && filters[0] !== undefined ? filters[0] : { kind: "and", filters }
}

function readNot(reader: Reader, field: string | undefined): Filter {
  if (reader.is("!=", "!~"))
    return { kind: "not", filter: readSign(reader, field, reader.token.text.slice(1)) }
  if (!reader.is("not", "!", "-")) return readAtom(reader, field)
  reader.next()
  const filter = reader.nested(() => readNot(reader, field))
  return filter.kind === "not" ? filter.filter : { kind: "not", filter }
}

function readAtom(reader: Reader, field: string | undefined): Filter {
  if (reader.atEnd) throw reader.refuse("expected a filter")
  if (reader.token.quoted) return readPhrase(reader, field)
  const { text } = reader.token
  switch (text) {
    case ":":
      reader.next()
      return reader.nested(() => readNot(reader, field))
    case "*":
      return readStar(reader, field)
    case "{":
      if (field !== undefined && field !== "_stream") throw reader.refuse("a stream filter is about no field")
      return readStream(reader)
    case "(":
      return readGroup(reader, field)
  }
  if (text === "=~") throw reader.refuse('there is no sign =~; a regular expression is written field:~"…"')
  if (bySign.has(text)) return readSign(reader, field, text)
  return readFunction(reader, field) ?? readPhrase(reader, field)
}

function readStar(reader: Reader, field: string | undefined): Filter {
  reader.next()
  if (field === undefined && reader.is(":")) return readAnyField(reader, "")
  if (reader.token.spaced || reader.is(...BEHIND_STAR)) return prefixFilter(field, "")
  return readSubstring(reader, field)
}

/** What may stand right behind a star that stands alone. */
const BEHIND_STAR = ["", "|", ")", ",", "]"]

/** `*text*`, with the reader behind the first star. */
function readSubstring(reader: Reader, field: string | undefined): Filter {
  const start = reader.token
  const text = reader.compound("a text between two stars", field === undefined ? "stopAtColon" : undefined)
  if (reader.token.spaced || !reader.is("*")) {
    throw reader.refuse(`expected a star behind the text too: *${start.raw}* finds it anywhere`, start)
  }
  reader.next()
  return substringFilter(field, text)
}

function readGroup(reader: Reader, field: string | undefined): Filter {
  const before = reader.previous
  if (
    before !== undefined &&
    !reader.token.spaced &&
    (before.quoted || !BEFORE_GROUP.has(before.text.toLowerCase()))
  ) {
    throw reader.refuse(
      `there is no function ${before.raw}(); to search for the word, put a space after it`,
      before,
    )
  }
  reader.next()
  const filter = reader.nested(() => readOr(reader, field))
  reader.expect(")", "at the end of a group")
  return filter
}

function readSign(reader: Reader, field: string | undefined, sign: string): Filter {
  const filter = bySign.get(sign) as FilterWord
  return filter.parse(reader, field)
}

/** A function where a parenthesis follows (or, for `range`, a bracket); undefined where the word is only a word. */
function readFunction(reader: Reader, field: string | undefined): Filter | undefined {
  const { word } = reader
  if (!KNOWN.has(word)) return undefined
  const after = reader.peek(1).raw
  if (after !== "(" && !(after === "[" && word === "range")) return undefined
  const filter = byFunction.get(word)
  if (filter === undefined) throw reader.unsupported(`the filter ${word}()`)
  return reader.nested(() => filter.parse(reader, field))
}

function readPhrase(reader: Reader, field: string | undefined): Filter {
  const start = reader.token
  if (!start.quoted && /^["'`]$/.test(start.text)) throw reader.refuse("this quote is never closed")
  const text = reader.compound("a filter", field === undefined ? "stopAtColon" : undefined)
  if (!reader.token.spaced && reader.is("*")) {
    reader.next()
    return field === undefined && reader.is(":") ? readAnyField(reader, text) : prefixFilter(field, text)
  }
  if (field !== undefined || !reader.is(":")) return phraseFilter(field, text)
  reader.next()
  if (reader.is("|", ")", "")) throw reader.refuse(`expected a filter after ${JSON.stringify(`${text}:`)}`)
  return readFieldFilter(reader, text)
}

/** `*:test` and `prefix*:test`: some field of the event, or some whose name begins so, passes the test. */
function readAnyField(reader: Reader, prefix: string): Filter {
  reader.next()
  if (reader.is("|", ")", "")) throw reader.refuse(`expected a filter after ${JSON.stringify(`${prefix}*:`)}`)
  return reader.nested(() => readNot(reader, anyField(prefix)))
}

/** Fields with filters of their own; VictoriaLogs knows them in any letters. */
const OWN_NAMES = ["_time", "_stream", "_stream_id"]

function readFieldFilter(reader: Reader, name: string): Filter {
  switch (OWN_NAMES.find((own) => own === name.toLowerCase()) ?? name) {
    case "_time":
      return readTime(reader)
    case "_stream":
      if (!reader.is("{")) throw reader.refuse(`expected "{" after _stream:`)
      return readStream(reader)
    case "_stream_id":
      return readStreamId(reader)
    case "":
      return reader.nested(() => readNot(reader, undefined))
    default:
      return reader.nested(() => readNot(reader, name))
  }
}
