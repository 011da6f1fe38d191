import { printField } from "../../query/quote.ts"
import { hitsField } from "../../query/view.ts"
import { ANSWER_FLAGS, type Answer, ask, exitFor, whomToAsk } from "../answer.ts"
import type { Command } from "../command.ts"
import { fieldOf } from "../field-words.ts"
import { OUTPUT_FLAG, readFormat, showAnswer } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery, withFlags } from "../read-query.ts"
import { withFieldHint } from "../strange-fields.ts"
import { TIME_FLAGS } from "../time-flags.ts"
import { readLimit } from "./query.ts"

const VALUES_SHOWN = 100

export const values: Command = {
  name: "values",
  summary: "Which values a field has, and in how many records.",
  arguments: [
    { name: "field", description: "user, verb, resource, code, … or a field like userAgent" },
    { name: "text", description: "LogsQL, in quotes (default: all audit events)", optional: true },
  ],
  options: [
    { flags: "-n, --limit <n>", description: `so many values (default: ${VALUES_SHOWN})` },
    ...ANSWER_FLAGS,
    ...TIME_FLAGS,
    OUTPUT_FLAG,
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick values user --since 1d",
    "tallystick values userAgent 'user.username:=alice' -o json",
    "tallystick values requestObject.spec.replicas 'objectRef.resource:=deployments' --dir ./data",
  ],
  async run([word = "", text = EVENTS], options, world) {
    const field = fieldOf(word)
    const parsed = readQuery(text, options, world)
    const limit = readLimit(options.limit)
    const wanted = {
      format: readFormat(options, "table"),
      rows: limit ?? VALUES_SHOWN,
      limited: limit !== undefined,
    }
    const asked = withFlags(parsed, pipesFor(field, wanted.rows + 1), options, world)
    const answer = withFieldHint(ask(await whomToAsk(options, world), asked, world), parsed, world)
    const isTable = wanted.format === "table" || wanted.format === "wide"
    return exitFor(await showAnswer(isTable ? seen(answer, field) : answer, wanted, world), world)
  },
}

/** In a table, no value would look like a line that was cut. */
async function* seen(answer: Answer, field: string): Answer {
  for await (const row of answer) yield (row[field] ?? "") === "" ? { ...row, [field]: '""' } : row
}

/** The count stands in front: values may be long. */
function pipesFor(field: string, rows: number): string {
  const name = printField(field)
  const count = hitsField([field])
  return `field_values ${name} | sort by (${count} desc, ${name}) limit ${rows} | fields ${count}, ${name}`
}
