import { fieldValue } from "../row.ts"
import { printFields, readOneField, type StatsWord } from "./stats.ts"

/** `any(a)`: some value of the field that is not empty. */
export const any: StatsWord = {
  word: "any",
  example: `verb:delete | stats by (user.username) any(sourceIPs) seen_from`,
  parse(reader) {
    const field = readOneField(reader, "any")
    return {
      print: () => printFields("any", [field]),
      fields: [field],
      start() {
        let found = ""
        return {
          add: (row) => {
            if (found !== "") return 0
            found = fieldValue(row, field)
            return 2 * found.length
          },
          join: () => 0,
          value: () => found,
        }
      },
    }
  },
}
