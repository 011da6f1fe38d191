/**
 * Columns of records of kind `log`, whose words say what in the body is what (docs/FORMAT.md, Record line): `time` is a
 * time, `msg` a place in the body, `stream` places separated by commas. All of it as SQL over text of the record.
 */

/** What stands behind ` <word>=` in `text`; "" where the word is not there. No value holds a space. */
function wordSql(text: string, word: string): string {
  return `regexp_extract(${text}, ' ${word}=([!-~]+)', 1)`
}

export function logTimeSql(head: string): string {
  return `try_cast(nullif(${wordSql(head, "time")}, '') AS TIMESTAMP)`
}

/** The body as text; bodies with control characters are kept in base64. */
function textSql(raw: string, encoding: string): string {
  return `CASE WHEN ${encoding} = 'base64' THEN TRY(decode(from_base64(${raw}))) ELSE ${raw} END`
}

/** A place is a JSON pointer without its first slash, percent-encoded. Bodies DuckDB cannot read have nothing there. */
function atPlaceSql(body: string, place: string): string {
  return `TRY(json_extract_string(${body}, concat('/', url_decode(${place}))))`
}

/** Over the columns of a segment. A line that is no JSON object (the legacy format of audit logs) is its own message. */
export function logMessageSql(): string {
  const words = `concat(' ', "words")`
  const place = wordSql(words, "msg")
  const value = atPlaceSql(textSql('"raw"', '"rawEncoding"'), place)
  const isLine = `"rawEncoding" = 'text' AND NOT contains(${words}, ' quarantined=') AND NOT starts_with(ltrim("raw"), '{')`
  return `CASE WHEN "kind" <> 'log' THEN NULL WHEN contains(${words}, ' msg=') THEN ${value} WHEN ${isLine} THEN "raw" END`
}

/** Labels that are identifiers stand as they are, others in quotes, as a stream selector takes them. */
const PLAIN_LABEL = "[A-Za-z_][A-Za-z0-9_.-]*"

/** All labels, by name: `{app="web",cluster="prod-1",kind="log",source="prod-1/logs"}`. */
export function logStreamSql(head: string, raw: string, encoding: string, fixed: string): string {
  const name = "replace(replace(replace(url_decode(place), '/', '.'), '~1', '/'), '~0', '~')"
  const label = `CASE WHEN regexp_full_match(${name}, '${PLAIN_LABEL}') THEN ${name} ELSE CAST(to_json(${name}) AS VARCHAR) END`
  const value = `CAST(to_json(coalesce(${atPlaceSql("body", "place")}, '')) AS VARCHAR)`
  const own = `list_transform([${textSql(raw, encoding)}], lambda body:
      list_transform(string_split(${wordSql(head, "stream")}, ','), lambda place: concat(${label}, '=', ${value})))[1]`
  return `concat('{', array_to_string(list_sort(list_concat(${fixed}, ${own})), ','), '}')`
}
