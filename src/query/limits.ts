/**
 * What a query may cost. A hostile text ends in one of these, never in a stack overflow, a full heap or a silent cut.
 * Limits of the answer (rows, seconds, bytes) travel with the request: see search/message.ts.
 */
export const QUERY_LIMITS = {
  /** Bytes of query text (UTF-8). Dashboards send long `in()` lists; nobody types this much. */
  textBytesMax: 65_536,
  /** Parentheses, `not` and subqueries inside each other. Each level costs a few stack frames; 10,000 are there. */
  depthMax: 100,
  /** Items of one `in()`, `contains_any()`, `contains_all()` or `seq()`. Each becomes one SQL parameter. */
  itemsMax: 10_000,
  /** Pipes in one query, subqueries included. */
  pipesMax: 100,
  /**
   * Conditions that SQL has to look at one by one, after words and values of one field were joined into lists. Planning a
   * statement costs up to 10 ms for each, and it cannot be interrupted.
   */
  conditionsMax: 256,
  /** Characters of SQL that a filter becomes. DuckDB plans some 100,000 a second, and cannot be interrupted then. */
  sqlCharsMax: 200_000,
  /** Regular expressions that look for whole words: the classes of all letters take 10 ms and 2 MiB for each statement. */
  wordRegexpsMax: 64,
  /** Queries inside one query. Each is run to its end before. */
  subqueriesMax: 16,
  /** Fields in one list: `fields a, b, …`, `by (…)`. */
  fieldsMax: 1_000,
  /** Characters of a regular expression; RE2 is linear in text × pattern. */
  regexpCharsMax: 4_096,
  /** Ways to read a dotted name as a JSON path (keys may contain dots themselves). */
  pathsMax: 64,
  /** Operators in one expression of `math`. */
  operatorsMax: 500,
  /** Rows of `generate_sequence`: they are made without reading anything, so nothing else ends them. */
  generatedRowsMax: 1_000_000,
  /** Records that `stream_context` looks around: two small queries for each. */
  contextMatchesMax: 200,
  /** Records that it shows before, and after, one of them. */
  contextNeighboursMax: 1_000,
  /** Rows of one query inside `join` or `union`: all of them are held. */
  subqueryRowsMax: 100_000,
  /** Bytes of those rows in memory. */
  subqueryBytesMax: 64 * 1024 ** 2,
  /** Rows that one `join` makes: everything with everything would be rows × rows. */
  joinedRowsMax: 1_000_000,
} as const
