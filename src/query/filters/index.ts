import type { FilterWord } from "../word.ts"
import { anyCase } from "./any_case.ts"
import { greater, less } from "./compare.ts"
import { exact, exactFunction } from "./exact.ts"
import { eqField, leField, ltField } from "./fields.ts"
import { containsCommonCase, equalsCommonCase } from "./common_case.ts"
import { containsAll, containsAny, inFilter } from "./in.ts"
import { ipv4Range } from "./ipv4_range.ts"
import { ipv6Range } from "./ipv6_range.ts"
import { jsonArrayContainsAny } from "./json_array_contains_any.ts"
import { lenRange } from "./len_range.ts"
import { patternMatch, patternMatchFull, patternMatchPrefix, patternMatchSuffix } from "./pattern_match.ts"
import { range } from "./range.ts"
import { re, regexp } from "./regexp.ts"
import { seq } from "./seq.ts"
import { stringRange } from "./string_range.ts"
import { valueType } from "./value_type.ts"

/** Filters that begin with a sign: `=`, `~`, `>`, `<`. `!=` and `!~` are read as `!` before them. */
export const SIGN_FILTERS: readonly FilterWord[] = [exact, regexp, greater, less]

/** Filters that look like functions: `word(…)`. A word without its parenthesis is a word to search for. */
export const FUNCTION_FILTERS: readonly FilterWord[] = [
  anyCase,
  containsAll,
  containsAny,
  containsCommonCase,
  eqField,
  equalsCommonCase,
  exactFunction,
  inFilter,
  ipv4Range,
  ipv6Range,
  jsonArrayContainsAny,
  leField,
  lenRange,
  ltField,
  patternMatch,
  patternMatchFull,
  patternMatchPrefix,
  patternMatchSuffix,
  range,
  re,
  seq,
  stringRange,
  valueType,
]
