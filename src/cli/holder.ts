import { readFileSync } from "node:fs"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { servedBy } from "./served.ts"

/** The process that keeps a command from a ledger. */
export type Holder = {
  /** Undefined where the system does not say. */
  readonly pid: number | undefined
  /** Where it answers, if it is a server. */
  readonly url: string | undefined
}

/** What to do about it, after "process 4711, a server at http://…, holds ./data: ". */
export type Advice = (holder: Holder) => string

/** For whoever has to have the ledger alone. */
export const stopIt: Advice = ({ pid, url }) => {
  const kill = pid === undefined ? "stop it" : `stop it (kill ${pid})`
  return url === undefined ? `wait for its end, or ${kill}` : `${kill}, run this again, then start it again`
}

/**
 * `ledger.locked` as a person needs it: who holds the ledger, and what to do; any other error as it is. Where a server
 * holds it, the fact `server` says where that answers.
 */
export function toldHolder(error: unknown, dir: string, advice: Advice): unknown {
  if (!isRefusal(error, "ledger.locked")) return error
  const pid = typeof error.facts.holder === "number" ? error.facts.holder : undefined
  const served = servedBy(dir, pid)
  const holder = { pid: pid ?? served?.pid, url: served?.urls.map(reachable)[0] }
  const facts = { ...error.facts, ...(holder.url === undefined ? {} : { server: holder.url }) }
  return new Refusal("ledger.locked", `${named(holder)} holds ${dir}: ${advice(holder)}`, facts, error)
}

function named({ pid, url }: Holder): string {
  if (pid === undefined) return "another process"
  if (url !== undefined) return `process ${pid}, a server at ${url},`
  const command = commandOf(pid)
  return command === undefined ? `process ${pid}` : `process ${pid} (${command})`
}

/** Who listens everywhere is reached on its own machine. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
}

const COMMAND_LENGTH_MAX = 80

/** What somebody typed after `tallystick`, where /proc shows it and it is one of ours. */
function commandOf(pid: number): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1)
    const ours = words.findIndex((word) => /(^|\/)(tallystick|main\.[jt]s)$/.test(word))
    return ours < 0
      ? undefined
      : ["tallystick", ...words.slice(ours + 1)].join(" ").slice(0, COMMAND_LENGTH_MAX)
  } catch {
    return undefined // not Linux, or gone meanwhile
  }
}
