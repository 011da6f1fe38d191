import { jsonObject } from "../json_text.ts"
import type { PipeWord } from "../word.ts"
import { readPack } from "./pack.ts"

/** `| pack_json fields (a, b*) as c`: fields of a row as a JSON object in one field. */
export const packJson: PipeWord = {
  word: "pack_json",
  example: `verb:delete | pack_json fields (user.username, objectRef.*) as what | fields _time, what`,
  parse: (reader) => readPack(reader, jsonObject),
}
