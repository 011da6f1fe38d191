import { ANSWER_FLAGS } from "../answer.ts"
import type { Command } from "../command.ts"
import { follow } from "../follow.ts"
import { OUTPUT_FLAG } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery } from "../read-query.ts"
import { SINCE_FLAG } from "../time-flags.ts"

export const tail: Command = {
  name: "tail",
  summary: "Show records as they are received, until Ctrl-C.",
  arguments: [{ name: "text", description: "LogsQL, in quotes (default: all audit events)", optional: true }],
  options: [
    ...ANSWER_FLAGS,
    { ...SINCE_FLAG, description: "begin so long ago, as in 10m (default: 5s)" },
    OUTPUT_FLAG,
    { flags: "-f, --follow", description: "as it does anyway" },
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick tail",
    "tallystick tail 'responseStatus.code:in(401,403)' --since 10m",
    "tallystick tail --dir ./data 'objectRef.resource:=secrets' -o raw | jq .user.username",
  ],
  run: async ([text = EVENTS], options, world) =>
    await follow(readQuery(text, options, world), options, world),
}
