/** A record of the ledger's own is told in so many characters; all of it is in `raw`. */
const MESSAGE_CHARS_MAX = 300

/**
 * SQL over the columns: what a record of the ledger's own says, as one line. `tallystick: query by=alice rows=12`, or the
 * name of the control record. NULL for all other records.
 */
export function ownMessageSql(): string {
  const member = (name: string) => `TRY(json_extract_string("raw", '$.${name}'))`
  // Without the texts of queries: a word that was once looked for would be found from then on.
  const facts = `list_filter(TRY(from_json("raw", '{"facts":[["VARCHAR"]]}').facts), lambda fact: fact[1] <> 'text')`
  const told = `array_to_string(list_transform(${facts}, lambda fact: concat(' ', fact[1], '=', fact[2])), '')`
  const line = `'tallystick: ' || coalesce(${member("what")}, ${member("kind")}) || coalesce(${told}, '')`
  return `CASE WHEN "kind" = 'tallystick' THEN left(${line}, ${MESSAGE_CHARS_MAX}) END`
}
