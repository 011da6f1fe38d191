import { listItems } from "../json_text.ts"
import type { PipeWord } from "../word.ts"
import { readInto } from "./into.ts"

/** `| json_array_len(a) as b`: how many items a JSON list has; 0 where the value is no list. */
export const jsonArrayLen: PipeWord = {
  word: "json_array_len",
  example: `verb:create | json_array_len(user.groups) as groups | sort by (groups desc) limit 5`,
  parse: (reader) => readInto(reader, (value) => String(listItems(value)?.length ?? 0)),
}
