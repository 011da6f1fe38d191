import type { Refusal } from "../../base/refusal.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import type { Pipe } from "../tree.ts"
import { atPipeEnd, readField } from "./read.ts"
import { readStats } from "./stats.ts"

/** Pipes about the insides of VictoriaLogs, which no other store has: what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  block_stats: "it describes the files of VictoriaLogs; tallystick segments describes ours",
  blocks_count: "it counts blocks in the files of VictoriaLogs; stats count() counts rows",
  query_stats: "it measures the files that VictoriaLogs read",
  stats_remote: "it is what the nodes of a VictoriaLogs cluster say to each other; write stats",
}

/** Reads one of them, so that a query with it can be printed; to run it is refused, with its place. */
export function readRefused(reader: Reader): Pipe | undefined {
  const { word } = reader
  const instead = Object.hasOwn(INSTEAD, word) ? INSTEAD[word] : undefined
  if (instead === undefined) return undefined
  const refusal = reader.refuse(
    `the pipe ${word} is not for this ledger: ${instead}`,
    reader.token,
    "query.unsupported",
  )
  reader.next()
  return refusedPipe(word, readRest(reader, word), refusal)
}

function readRest(reader: Reader, word: string): string {
  if (word === "stats_remote")
    return readStats(reader)
      .print()
      .replace(/^stats/, "")
  if (word !== "blocks_count" || atPipeEnd(reader)) return ""
  reader.skip("as")
  const name = readField(reader)
  return name === word ? "" : ` as ${printField(name)}`
}

function refusedPipe(word: string, rest: string, refusal: Refusal): Pipe {
  const refuse = (): never => {
    throw refusal
  }
  return { word, print: () => word + rest, needs: refuse, run: refuse }
}
