import { ANSWER_FLAGS, ask, exitFor, whomToAsk } from "../answer.ts"
import type { Command } from "../command.ts"
import { OUTPUT_FLAG, readFormat, showAnswer } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery, withFlags } from "../read-query.ts"
import { TIME_FLAGS } from "../time-flags.ts"
import { readLimit } from "./query.ts"

/** Bodies have as many names as clients like. */
const NAMES_SHOWN = 1_000

export const fields: Command = {
  name: "fields",
  summary: "Which fields have values, and in how many records.",
  arguments: [{ name: "text", description: "LogsQL, in quotes (default: all audit events)", optional: true }],
  options: [
    { flags: "-n, --limit <n>", description: `so many fields (default: ${NAMES_SHOWN})` },
    ...ANSWER_FLAGS,
    ...TIME_FLAGS,
    OUTPUT_FLAG,
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick fields --since 1h",
    "tallystick fields 'objectRef.resource:=pods verb:=create' --dir ./data",
  ],
  async run([text = EVENTS], options, world) {
    const parsed = readQuery(text, options, world)
    const limit = readLimit(options.limit)
    const wanted = {
      format: readFormat(options, "table"),
      rows: limit ?? NAMES_SHOWN,
      limited: limit !== undefined,
    }
    const asked = withFlags(
      parsed,
      "field_names | sort by (hits desc, name) | fields hits, name",
      options,
      world,
    )
    return exitFor(await showAnswer(ask(await whomToAsk(options, world), asked, world), wanted, world), world)
  },
}
