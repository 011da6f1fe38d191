/** A query that one server refuses and the other does not: what the refusal says, and why that is so. */
export type ReadingDifference = {
  readonly refused: "here" | "there"
  readonly pattern: RegExp
  readonly why: string
}

export const READING_DIFFERENCES: readonly ReadingDifference[] = [
  {
    refused: "there",
    pattern:
      /compound token cannot (start with|be equal to)|must be put in quotes|missing (whitespace or )?':' in front of|missing whitespace or ':'/,
    why: "the published tables of 2025 have bare signs and dots within words: `a!b`, `=x` without a field, `in:a`",
  },
  {
    refused: "there",
    pattern:
      /as number in the '(limit|offset)'|expecting number; got|cannot parse (rows limit|sample) from "\d|cannot parse offset="\d|cannot parse 'offset \d/,
    why: "`1K` and `1_000` are numbers of rows in every pipe here, not only in some",
  },
  {
    refused: "there",
    pattern: /cannot parse 'stats' pipe: cannot parse 'by' clause/,
    why: "`| (a:b or c)` is a filter here: only names in parentheses before a function are `stats by`",
  },
  {
    refused: "there",
    pattern: /unexpected token after \[unpack_json/,
    why: "the options of unpack_json may stand in any order",
  },
  {
    refused: "there",
    pattern:
      /missing 'limit' for 'partition by'|unknown stats func|missing '\('|missing ',' after|unexpected token: "|missing '\)' (for|after)/,
    why: "`limit 0` is said too; a string and a word without space between them are one text, as in the tables of 2025",
  },
  {
    refused: "there",
    pattern: /func: (expecting at least a single field|unexpected wildcard)/,
    why: "count_uniq_hash() without fields is about whole rows, as count_uniq() is",
  },
  {
    refused: "there",
    pattern:
      /cannot parse number from|cannot parse duration at _time filter|missing fields (after 'by'|inside 'by)|missing 'hits' after 'with'|missing rank name/,
    why: "a quoted name may look like a number, a day in `_time:=` may be relative, and a field may be called hits",
  },
  {
    refused: "here",
    pattern:
      /is the name of a pipe|expected a label|expected a name for the result|after a (field|row), at|the argument of i\(\), at "\*"|expected a value, at "\*"/,
    why: "the name of a pipe alone is forgotten syntax, a label needs a name, so does what stands behind as, fields of a row commas, and i() and exact() a text",
  },
  {
    refused: "there",
    pattern: /cannot parse (in|contains_any|contains_all)\(\): (unexpected|missing ','|cannot parse arg)/,
    why: "what is no list of values is read as a query, also where it begins with a parenthesis or a value",
  },
  {
    refused: "there",
    pattern: /unexpected pipe name/,
    why: "the published tables of 2025 let `filter` be left out before any filter; over HTTP an unknown word is refused (query.foreign)",
  },
  {
    refused: "there",
    pattern:
      /unexpected token ("[^\w\s]+"|"\\".*) after|unexpected token after .*?\]: ?"([^\w\s]+|\\".*)"; expecting|unexpected token .*context: \[.*["'`]\S*\]|pattern "[^"]*" must contain at least a single named field|missing ':' or '=' after|unsupported operation/s,
    why: "signs and quotes that stand behind a name or a text without white space belong to it, as in the tables of 2025: `x=`, `foo<bar>baz`",
  },
  {
    refused: "there",
    pattern: /missing whitespace between|got "\."/,
    why: "dots belong to words: `limit.` is a word to search for, refused over HTTP (query.foreign)",
  },
  {
    refused: "there",
    pattern:
      /cannot parse bucket (size|offset)|cannot parse duration "(now|\.[0-9])|phi arg in|expecting '(at|from|by)'|'math' expression \[.* as "?(default|x?or)\W/i,
    why: "words and units in any letters, and numbers that begin or end with a dot, mean what they say",
  },
  {
    refused: "here",
    pattern: /expected a time (like 2026|of day)|, at "now"/,
    why: "`1e3`, `1.5`, `5m-1h` are no times, and 2030 is no hour of the day",
  },
  {
    refused: "here",
    pattern: /a whole number like 10 or 10K/,
    why: "a duration, `inf` and a number that ends with a dot are no numbers of rows",
  },
  {
    refused: "here",
    pattern:
      /after the pipe (math|eval)|expected a number or a field|at the end of a group, at ":"|in a call, at ":"/,
    why: "a colon in a formula stands in quotes",
  },
  {
    refused: "here",
    pattern: /"," or "\)" after an argument|expected an argument, at "\("/,
    why: "a query inside does not begin with the name of a pipe or of an option either",
  },
  {
    refused: "here",
    pattern: /after the pipe (extract|extract_regexp|format|replace|top|facets|split), at "/,
    why: "a word needs a space behind a text in quotes, a number of groups is none that is `inf`",
  },
  {
    refused: "here",
    pattern: /there is no function (eq|le|lt)_field\(\)|takes an address|expected a star behind the text too/,
    why: "what stands without white space is one text, as in the tables of 2025; a colon belongs to no address",
  },
  {
    refused: "here",
    pattern: /more than 1000000 rows/,
    why: "a longer sequence is nobody's question",
  },
  {
    refused: "here",
    pattern: /_field\(\) on any field cannot be run here/,
    why: "there the star is a part of one field's name, which no row has",
  },
]

/** Pipes whose answer is not decided by their rows, those that measure files, and queries about other records. */
export const UNSTABLE =
  /\b(limit|head|offset|skip|first|last|sample|rand|now|any|row_any|row_min|row_max|field_min|field_max|rank|stream_context|blocks_count|block_stats|query_stats|stats_remote)\b|facets \d| \| /i

/** A pipe whose answer differs, and why ours is as it is. */
export const PIPE_DIFFERENCES: readonly { readonly pipe: RegExp; readonly why: string }[] = [
  {
    pipe: /^pack_(json|logfmt)/i,
    why: "what is packed comes in the order of the row's fields, and does not depend on other rows; there on columns of a block",
  },
  {
    pipe: /\b(values|uniq_values|json_values)\(/i,
    why: "several fields of a row come in the order of the row, there in an order of columns",
  },
  {
    pipe: /^(running|total)_stats/,
    why: "numbers are summed in all notations, as stats does; there only plain decimals",
  },
  {
    pipe: /stddev\(/i,
    why: "numbers in all notations, as avg and sum read them there too; there stddev knows plain ones only",
  },
  {
    pipe: /\b(min|max|median|quantile)\([^)]*\*/i,
    why: "of several fields those count that a row has; there all columns of a block do, and empty ones are the least",
  },
  {
    pipe: /\b(math|eval)\b.*((?<![0-9])\.[0-9]|[a-z]\.(?![a-z0-9])|[a-z]\.[a-z]|(?<![a-z])\.[a-z]|[0-9]{8,}[a-z.]|\binf\b|round\(.*,)/is,
    why: "`.5` is a number, names print dots as the tables of 2025 do, and what is rounded to 0.011 is a multiple of it",
  },
  {
    pipe: /\b(math|eval)\b.*(\b(or|xor)[ -]+-|[0-9]{16}|: *[a-z]|[a-z] *:|\* *[a-z]+\b,?|-\w+$)/is,
    why: "bits of numbers below 0 or beyond 2^63 are cut otherwise; names of results keep the formula as it is read here",
  },
  { pipe: /["'`]\w/, why: "a word that stands behind quotes without white space belongs to the text" },
  { pipe: /["'`]["'`]/, why: "so do two texts in quotes" },
  { pipe: /generate_sequence\W*\d\S/i, why: "a sequence too long to wait for" },
  {
    pipe: /[<>]=?\d{4}-\S*([<>]|\d[A-SU-Ya-z])/,
    why: "a bound that begins like a time and is none is compared as the text it is",
  },
  { pipe: /\d:[<>=~!]/, why: "signs within a word belong to it, as in the tables of 2025" },
  { pipe: /::|: :/, why: "a second colon is passed over, as in the tables of 2025" },
  {
    pipe: /if \([^)]*(\*|~[\w.]+:)/s,
    why: "a star beside a filter changes nothing; there it can take the other's fields from the rows of `union rows(…)`",
  },
  { pipe: /\b\w+\([^)]*\.[a-z]/i, why: "names of results print dots as the tables of 2025 do" },
  { pipe: /<hexdecode:/, why: "bytes that are no text stay digits" },
  { pipe: /<time:/, why: "`0.1` is a tenth of a second after 1970; there it is 100 seconds" },
  { pipe: /value_type/, why: "how VictoriaLogs stores a value cannot be told from the value" },
  {
    pipe: /^\s*field_names/i,
    why: "hits are rows that have the field; there all rows of a block that has it",
  },
  {
    pipe: /^facets/,
    why: "values are shown as they are; there numbers of a column as a number is printed: -0 as 0, 1_000 as 1000",
  },
  {
    pipe: /^(uniq|top|field_values) |\bby \(/i,
    why: "the same: a column of numbers is printed anew there",
  },
  {
    pipe: /^extract(_regexp)? .*(skip_empty_results|keep_original_fields)/s,
    why: "a row whose text does not match keeps its fields; there it can get those of the row before",
  },
  { pipe: /^unpack_syslog/, why: "a priority is a number; there `<w>` is one too" },
  { pipe: /hits as (""|''|``)/, why: "the empty name is the message" },
  {
    pipe: /\*:|[\w."]\*:/,
    why: "an absent field is an empty one; there a prefix that no column of a block has finds nothing, and a quoted star is one",
  },
  {
    pipe: /pattern_match_(prefix|suffix)\("?<W>/,
    why: "there the first word of a value begins it, whatever stands before",
  },
  {
    pipe: /^(rename|mv|copy|cp) .*\*/s,
    why: "many fields renamed into one leave the last that has a value; there what a block has",
  },
  {
    pipe: /^(math|eval) .*(\bnow\b|rand|default|%|\^|"[+-]?[0-9])/s,
    why: "`^` binds tighter wherever it stands, and a quoted number is a number only where it is written plainly",
  },
]

/**
 * The same text without what the published tables of 2025 print otherwise: dots within words need no quotes there, and a
 * query within a query repeats the options.
 */
export function samePrint(text: string): string {
  return text.replace(/"([\p{L}\p{N}_.]+)"/gu, "$1").replace(/options\([^)]*\) /g, "")
}

/** Texts printed otherwise, by what one of both prints, and why. */
export const PRINT_DIFFERENCES: readonly ({ readonly why: string } & (
  | { readonly there: RegExp }
  | { readonly here: RegExp }
))[] = [
  {
    there: /\* or | or \*(?=[ )])|\* \*|\(\* | \*(?=[ )])/,
    why: "a star beside other filters is left out here wherever it changes nothing, there only in a query's own filter",
  },
  { there: /\(\*, |, \*[,)]/, why: "a star among fields is all of them" },
  {
    there: /"[^"]*[-:]" (!|\||=|~|<|>|[^\s|]*:|"|\w)/,
    why: "signs within a word and what follows without white space are one text, as in the tables of 2025",
  },
  { there: /\bmath\b.*[0-9]e-[0-9]/i, why: "numbers with exponents stay in their quotes" },
  { there: /\btop \S*[^0-9\s]\S* by|>- /, why: "numbers are printed as numbers, signs alone in quotes" },
  { there: /\bmath .*[-+*/%] .* \^ /, why: "`^` binds tighter wherever it stands" },
  { there: /hits as ""/, why: "the empty name is the message" },
  { there: /"1e400"/, why: "what no double can hold is compared as text, and needs no quotes" },
  { there: /\w\*:/, why: "a star in quotes is a part of the name" },
  {
    here: /\\["'`]\w|\w\\"/,
    why: "a word that stands beside quotes without white space belongs to the text",
  },
  { there: /:[a-z_]*[A-Z]\w*\(/, why: "names of filters are printed in small letters" },
  { there: /"[^"]*\\"[\w.]+\\"[^"]*"/, why: "names of results print dots as the tables of 2025 do" },
  {
    there: /partition by \([^)]*\) limit \d+/,
    why: "a limit behind a sort of partitions is of all rows; there it becomes theirs",
  },
  {
    there: /":[^"]*"/,
    why: "a second colon is passed over, as in the tables of 2025; there it begins a phrase",
  },
  { there: /(\(|\bmath [^|]*)\d{4}-\d\d-\d\dT/, why: "a time in math stays in quotes" },
  { there: /\+[0-9]/, why: "a plus before a number in quotes stays in them" },
  {
    there: /\| limit \d+ rank|\| limit 0|(values|count)\([^)]*\*/,
    why: "pipes that say the same twice stay as they are written",
  },
  { there: /\| limit \d+ \| offset/, why: "`offset | limit` stays as it is written" },
  { there: /(^|[ (!])\*:/, why: 'a field called "*" is not every field' },
]
