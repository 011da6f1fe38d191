import { Refusal } from "../../base/refusal.ts"
import { ANSWER_FLAGS, ask, exitFor, ROWS_MAX, whomToAsk } from "../answer.ts"
import type { Command, Options, World } from "../command.ts"
import { follow } from "../follow.ts"
import { OUTPUT_FLAG, RAW_PIPE, readFormat, showAnswer, type Wanted } from "../output.ts"
import { COMPAT_FLAG, readQuery, withFlags } from "../read-query.ts"
import { withFieldHint } from "../strange-fields.ts"
import { TIME_FLAGS } from "../time-flags.ts"

/** Rows shown on a terminal without `--limit`; when there are more, it says so. */
const ROWS_SHOWN = 100

export const query: Command = {
  name: "query",
  summary: "Ask a question in LogsQL: of a running server, or of a ledger's directory.",
  arguments: [{ name: "text", description: "LogsQL, in quotes" }],
  options: [
    ...ANSWER_FLAGS,
    {
      flags: "-n, --limit <n>",
      description: `so many rows, newest first (default: ${ROWS_SHOWN} in a table, else all)`,
    },
    ...TIME_FLAGS,
    OUTPUT_FLAG,
    { flags: "-f, --follow", description: "go on with what comes, until Ctrl-C; as tallystick tail does" },
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick query 'verb:=delete objectRef.resource:=secrets' --since 24h",
    "tallystick query 'responseStatus.code:in(401,403) | stats by (user.username) count() refused' --json",
    `tallystick query --compat logql '{stream="audit"} | json | verb="delete" | last 24h'`,
    "tallystick query --dir ./data 'user.username:=alice | sort by (_time desc) limit 5' -o wide",
    "tallystick query 'objectRef.resource:=secrets' --from 2026-01-02 --to 2026-01-03 -o csv > secrets.csv",
  ],
  async run([text = ""], options, world) {
    const parsed = readQuery(text, options, world)
    if (options.follow === true) return await follow(parsed, options, world)
    const wanted = readWanted(options, world)
    // One more row than is shown, so that it can be said whether there are more.
    const asked = withFlags(
      parsed,
      `limit ${wanted.rows + 1}${wanted.format === "raw" ? RAW_PIPE : ""}`,
      options,
      world,
    )
    const answer = withFieldHint(ask(await whomToAsk(options, world), asked, world), parsed, world)
    return exitFor(await showAnswer(answer, wanted, world), world)
  },
}

function readWanted(options: Options, world: World): Wanted {
  const format = readFormat(options, world.stdout.isTTY ? "table" : "json")
  const limit = readLimit(options.limit)
  const byDefault = format === "table" || format === "wide" ? ROWS_SHOWN : ROWS_MAX
  return { format, rows: limit ?? byDefault, limited: limit !== undefined }
}

export function readLimit(limit: Options[string]): number | undefined {
  if (limit === undefined) return undefined
  const rows = Number(limit)
  if (!Number.isInteger(rows) || rows < 1 || rows > ROWS_MAX) {
    throw new Refusal("usage", `expected --limit from 1 to ${ROWS_MAX}, saw ${JSON.stringify(limit)}`)
  }
  return rows
}
