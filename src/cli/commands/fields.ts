import { ANSWER_FLAGS, type Answer, askFieldNames, collect, exitFor, ROWS_MAX, whomToAsk } from "../answer.ts"
import type { Command } from "../command.ts"
import { OUTPUT_FLAG, readFormat, showAnswer } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery, withFlags } from "../read-query.ts"
import { withFieldHint } from "../strange-fields.ts"
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
    const asked = withFlags(parsed, "", options, world)
    const names = withFieldHint(askFieldNames(await whomToAsk(options, world), asked, world), parsed, world)
    return exitFor(await showAnswer(sorted(names), wanted, world), world)
  },
}

/** Most hits first; the count stands in front. */
async function* sorted(names: Answer): Answer {
  const { rows, partial } = await collect(names, ROWS_MAX)
  const byHits = rows.toSorted(
    (a, b) => Number(b.hits) - Number(a.hits) || ((a.name ?? "") < (b.name ?? "") ? -1 : 1),
  )
  for (const { hits = "", name = "" } of byHits) yield { hits, name }
  if (partial !== undefined) yield { _partial: partial }
}
