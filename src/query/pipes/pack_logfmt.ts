import { jsonString } from "../json_text.ts"
import type { PipeWord } from "../word.ts"
import { readPack } from "./pack.ts"

/** What must be quoted so that `unpack_logfmt` reads it back. */
const QUOTED = /[ "\\\u0000-\u001f]/

/** `| pack_logfmt fields (a, b*) as c`: fields of a row as `a=1 b="x y"` in one field. */
export const packLogfmt: PipeWord = {
  word: "pack_logfmt",
  example: `verb:delete | pack_logfmt fields (user.username, objectRef.*) as what | fields _time, what`,
  parse: (reader) =>
    readPack(reader, (fields) =>
      fields.map(([name, value]) => `${name}=${QUOTED.test(value) ? jsonString(value) : value}`).join(" "),
    ),
}
