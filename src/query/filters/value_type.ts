import { quoteIfNeeded } from "../quote.ts"
import { fieldOr, fieldPrefix } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/** `field:value_type(dict)` asks how VictoriaLogs stores a field; nothing is stored that way here. */
export const valueType: FilterWord = {
  word: "value_type",
  example: `verb:value_type(dict)`,
  parse(reader, field) {
    const start = reader.token
    const [type = ""] = readArguments(reader, { min: 1, max: 1 })
    const name = fieldOr(field)
    const refuse = (): never => {
      throw reader.refuse(
        "value_type() is about how VictoriaLogs stores fields, which nothing here does; remove it",
        start,
        "query.unsupported",
      )
    }
    return {
      kind: "leaf",
      word: "value_type",
      fields: [name],
      print: () => `${fieldPrefix(name)}value_type(${quoteIfNeeded(type)})`,
      matches: refuse,
      where: refuse,
    }
  },
}
