import { PIPE_WORDS, STATS_WORDS } from "../keywords.ts"
import type { Reader } from "../reader.ts"
import type { Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { coalesce } from "./coalesce.ts"
import { collapseNums } from "./collapse_nums.ts"
import { decolorize } from "./decolorize.ts"
import { extract } from "./extract.ts"
import { extractRegexp } from "./extract_regexp.ts"
import { facets } from "./facets.ts"
import { format } from "./format.ts"
import { generateSequence } from "./generate_sequence.ts"
import { hash } from "./hash.ts"
import { join } from "./join.ts"
import { jsonArrayConcat } from "./json_array_concat.ts"
import { jsonArrayLen } from "./json_array_len.ts"
import { math } from "./math.ts"
import { packJson } from "./pack_json.ts"
import { packLogfmt } from "./pack_logfmt.ts"
import { readRefused } from "./refused.ts"
import { replace } from "./replace.ts"
import { replaceRegexp } from "./replace_regexp.ts"
import { runningStats, totalStats } from "./running_stats.ts"
import { sample } from "./sample.ts"
import { setStreamFields } from "./set_stream_fields.ts"
import { split } from "./split.ts"
import { streamContext } from "./stream_context.ts"
import { timeAdd } from "./time_add.ts"
import { union } from "./union.ts"
import { unpackJson } from "./unpack_json.ts"
import { unpackLogfmt } from "./unpack_logfmt.ts"
import { unpackSyslog } from "./unpack_syslog.ts"
import { unpackWords } from "./unpack_words.ts"
import { unroll } from "./unroll.ts"
import { copy, rename } from "./copy.ts"
import { deleteFields } from "./delete.ts"
import { dropEmptyFields } from "./drop_empty_fields.ts"
import { fieldNames } from "./field_names.ts"
import { fieldValues } from "./field_values.ts"
import { fields } from "./fields.ts"
import { filter, readFilterPipe } from "./filter.ts"
import { first, last } from "./first.ts"
import { len } from "./len.ts"
import { limit } from "./limit.ts"
import { offset } from "./offset.ts"
import { sort } from "./sort.ts"
import { readStats, stats } from "./stats.ts"
import { top } from "./top.ts"
import { uniq } from "./uniq.ts"

/** Every pipe we can run. A new one is a file here and a line below. */
export const PIPES: readonly PipeWord[] = [
  coalesce,
  collapseNums,
  copy,
  decolorize,
  deleteFields,
  dropEmptyFields,
  extract,
  extractRegexp,
  facets,
  fieldNames,
  fieldValues,
  fields,
  filter,
  first,
  format,
  generateSequence,
  hash,
  join,
  jsonArrayConcat,
  jsonArrayLen,
  last,
  len,
  limit,
  math,
  offset,
  packJson,
  packLogfmt,
  rename,
  replace,
  replaceRegexp,
  runningStats,
  sample,
  setStreamFields,
  sort,
  split,
  stats,
  streamContext,
  timeAdd,
  top,
  totalStats,
  union,
  uniq,
  unpackJson,
  unpackLogfmt,
  unpackSyslog,
  unpackWords,
  unroll,
]

const byWord = new Map(
  PIPES.flatMap((pipe) => [pipe.word, ...(pipe.aliases ?? [])].map((word) => [word, pipe] as const)),
)
const KNOWN = new Set(PIPE_WORDS)
const FUNCTIONS = new Set([...STATS_WORDS, "by"])

/** `pipe | pipe | …`, with the reader behind the first `|`. The words `stats` and `filter` may be left out. */
export function readPipes(reader: Reader): readonly Pipe[] {
  const pipes: Pipe[] = []
  do {
    reader.countPipe()
    const pipe = readPipe(reader)
    pipes.push(pipe)
    if (!reader.is("|", ")", "")) throw reader.refuse(`expected "|" after the pipe ${pipe.word}`)
  } while (reader.skip("|"))
  return pipes
}

function readPipe(reader: Reader): Pipe {
  const { word } = reader
  const pipe = byWord.get(word)
  if (pipe !== undefined) return reader.nested(() => pipe.parse(reader))
  const refused = readRefused(reader)
  if (refused !== undefined) return refused
  if (KNOWN.has(word)) throw reader.unsupported(`the pipe ${word}`)
  if (FUNCTIONS.has(word) && reader.peek(1).raw === "(") return readStats(reader)
  if (beginsWithKeys(reader)) return readStats(reader)
  return readFilterPipe(reader)
}

/** `(a, b) count() n`: fields in parentheses, then a function. The words `stats by` are left out. */
function beginsWithKeys(reader: Reader): boolean {
  if (!reader.is("(")) return false
  let at = 1
  while (!["(", ")", "|", ""].includes(reader.peek(at).raw)) at++
  const [name, open] = [reader.peek(at + 1), reader.peek(at + 2)]
  if (reader.peek(at).raw !== ")" || name.quoted || open.raw !== "(" || open.spaced) return false
  return STATS_WORDS.includes(name.text.toLowerCase())
}
