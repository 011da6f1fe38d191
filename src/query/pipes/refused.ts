import type { Reader } from "../reader.ts"
import type { Pipe } from "../tree.ts"

/** Pipes about the insides of VictoriaLogs, which no other store has: what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  block_stats: "it describes the files of VictoriaLogs; tallystick segments describes ours",
  blocks_count: "it counts blocks in the files of VictoriaLogs; stats count() counts rows",
  query_stats: "it measures the files that VictoriaLogs read",
  stats_remote: "it is what the nodes of a VictoriaLogs cluster say to each other; write stats",
}

export function refusePipe(reader: Reader): Pipe | undefined {
  const instead = Object.hasOwn(INSTEAD, reader.word) ? INSTEAD[reader.word] : undefined
  if (instead === undefined) return undefined
  throw reader.refuse(
    `the pipe ${reader.word} is not for this ledger: ${instead}`,
    reader.token,
    "query.unsupported",
  )
}
