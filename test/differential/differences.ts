/** Queries whose answers differ, and why ours is as it is. Each must be seen in a run. */
export const DIFFERENCES: readonly { readonly query: RegExp; readonly why: string }[] = [
  {
    query: /1 \+ 2 \* 3 \^ 2/,
    why: "`^` binds tighter than `*` wherever it stands; VictoriaLogs takes 2 * 3 first when something stands before it",
  },
  {
    query: /\| running_stats count\(\)$/,
    why: "rows in the order of their times: VictoriaLogs compares them as texts, and has 2.5 s before 2 s",
  },
  {
    query: /by \(responseStatus\.code:7\.5/,
    why: "a step of 7.5 is 7.5; VictoriaLogs makes it 7 where all values of a column are whole numbers",
  },
  {
    query: /pack_logfmt (as r|fields)/,
    why: "whether a field without a value is packed does not depend on other rows; in VictoriaLogs it does, block by block",
  },
  {
    query: /\| sort by \(a\) rank as r$/,
    why: "durations and sizes are sorted by size, as min() and max() compare them; VictoriaLogs sorts them as texts",
  },
  {
    query: /\| unpack_logfmt( keep_original_fields)?$/i,
    why: "a value without a name (`=v`) is no field: the empty name is another name of the message, which would be lost",
  },
  {
    query: /drop_empty_fields.* \| (stats by|uniq by|top|field_values)/,
    why: "rows without the field are a group of their own; VictoriaLogs loses them when it has dropped their empty fields",
  },
  {
    query: /partition by \(verb\) limit \d+.*\| stats/,
    why: "so many rows of each partition are counted; VictoriaLogs forgets the partitions when stats follows",
  },
]

/** Pipes behind which two of them are seen, whatever the seed. */
export const SHOWN: readonly string[] = [
  "* | drop_empty_fields | stats by (objectRef.name) count() n",
  "* | sort by (record) partition by (verb) limit 2 | stats count() n",
]
