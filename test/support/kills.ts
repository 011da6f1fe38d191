import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { setTimeout } from "node:timers/promises"

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts")

/** The same numbers in every run, from 0 to 1 (mulberry32). */
export function repeatable(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Killing = {
  readonly args: readonly string[]
  readonly cwd: string
  /** Lasts until its most interesting part begins; from then on the moment is drawn. */
  readonly begun?: (child: ChildProcess) => Promise<void>
  /** The latest moment, from there on. */
  readonly msMax: number
  readonly random: () => number
}

/** Runs a command and kills it at a random moment; whether it ended by itself before. */
export async function killed({ args, cwd, begun, msMax, random }: Killing): Promise<"killed" | "ended"> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    stdio: "ignore",
    env: { ...process.env, XDG_STATE_HOME: `${cwd}/state`, NODE_COMPILE_CACHE: `${cwd}/compiled` },
  })
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>
  const over = new AbortController()
  const late = begun === undefined ? Promise.resolve() : Promise.race([begun(child), ended])
  const moment = late.then(() => setTimeout(random() * msMax, undefined, { signal: over.signal }))
  await Promise.race([moment.catch(() => undefined), ended])
  over.abort()
  child.kill("SIGKILL")
  const [, signal] = await ended
  return signal === "SIGKILL" ? "killed" : "ended"
}
