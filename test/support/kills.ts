import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { setTimeout } from "node:timers/promises"
import { pathToFileURL } from "node:url"

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts")
const DIES_BEFORE = pathToFileURL(resolve(import.meta.dirname, "dies-before.ts")).href

type Command = { readonly args: readonly string[]; readonly cwd: string }

export type Killing = Command & {
  /** The latest moment. */
  readonly msMax: number
  readonly random: () => number
}

/** Runs a command and kills it at a random moment, unless it has ended by itself before. */
export async function killed({ msMax, random, ...command }: Killing): Promise<void> {
  const { child, ended } = run(command)
  const over = new AbortController()
  const moment = setTimeout(random() * msMax, undefined, { signal: over.signal })
  await Promise.race([moment.catch(() => undefined), ended])
  over.abort()
  child.kill("SIGKILL")
  await ended
}

/** Runs a command that dies before its step of that number (dies-before.ts); or ends by itself, having fewer of them. */
export async function diesBefore(step: number, command: Command): Promise<"killed" | "ended"> {
  const [code, signal] = await run(command, ["--import", DIES_BEFORE], { TEST_DIES_BEFORE: String(step) })
    .ended
  assert.ok(signal === "SIGKILL" || code === 0, `before step ${step}: it ended with ${code ?? signal}`)
  return signal === "SIGKILL" ? "killed" : "ended"
}

function run({ args, cwd }: Command, options: readonly string[] = [], env: Record<string, string> = {}) {
  const own = { XDG_STATE_HOME: `${cwd}/state`, NODE_COMPILE_CACHE: `${cwd}/compiled`, ...env }
  const child = spawn(process.execPath, [...options, MAIN, ...args], {
    cwd,
    stdio: "ignore",
    env: { ...process.env, ...own },
  })
  return { child, ended: once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]> }
}
