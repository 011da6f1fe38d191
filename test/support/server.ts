import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts")
const START_MS_MAX = 30_000

/** A real `tallystick` in a process of its own, on a free port. */
export type Server = {
  readonly url: string
  readonly child: ChildProcess
  /** Everything it printed so far, both streams. */
  readonly output: () => string
  /**
   * Sends the signal and resolves with the exit code, or the name of the signal that ended it, when all it printed is here
   * and none of its children is left to write to its folder.
   */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** Starts a ledger in `dir` (made when it is not there) and resolves when it listens. */
export async function startServer(
  dir: string,
  options: {
    readonly args?: readonly string[]
    readonly env?: Record<string, string>
    /** Words that run what follows them elsewhere: in a namespace. */
    readonly enter?: readonly string[]
    /** What it says before it listens, and after. */
    readonly onSaid?: (text: string) => void
  } = {},
): Promise<Server> {
  const [program = "", ...words] = [...(options.enter ?? []), process.execPath, MAIN]
  const child = spawn(program, [...words, "start", "--dir", dir, "--port", "0", ...(options.args ?? [])], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_STATE_HOME: join(dir, "..", "state"), NO_COLOR: "1", ...options.env },
  })
  let output = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text
    options.onSaid?.(text)
  })
  const lines = createInterface({ input: child.stdout })
  // Not its exit: what it said last may come later, and its children have its stderr too.
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>
  const url = await new Promise<string>((resolveUrl, reject) => {
    const late = setTimeout(() => reject(new Error(`it did not listen in time:\n${output}`)), START_MS_MAX)
    void ended.then(() => {
      clearTimeout(late)
      reject(new Error(`it ended before it listened:\n${output}`))
    })
    lines.on("line", (line) => {
      output += `${line}\n`
      const found = /listening on (https?:\/\/\S+)/.exec(line)?.[1]
      if (found === undefined) return
      clearTimeout(late)
      resolveUrl(found)
    })
  })
  return {
    url,
    child,
    output: () => output,
    async end(signal = "SIGTERM") {
      child.kill(signal)
      const [code, by] = await ended
      return code ?? by ?? "SIGKILL"
    },
  }
}

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs one command to its end. */
export async function tallystick(
  args: readonly string[],
  options: {
    readonly cwd?: string
    readonly input?: string | Uint8Array
    readonly env?: Record<string, string>
    readonly enter?: readonly string[]
  } = {},
): Promise<Ran> {
  const [program = "", ...words] = [...(options.enter ?? []), process.execPath, MAIN]
  const child = spawn(program, [...words, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
  child.stdin.end(options.input ?? "")
  const [code] = (await once(child, "close")) as [number | null]
  return { code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** A fresh folder under the system's, removed by `remove`. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tallystick-test-"))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) }
}

/** For programs that cannot say which port they got. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Calls `look` until it answers, at most `msMax`; the polling interval grows, nothing is slept through. */
export async function eventually<T>(
  what: string,
  msMax: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = performance.now() + msMax
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > until) throw new Error(`not within ${msMax} ms: ${what}`)
    await new Promise((done) => setTimeout(done, wait))
  }
}

/** Rows of a query over HTTP, as they are answered. */
export async function queryRows(
  url: string,
  text: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const answer = await fetch(`${url}/select/logsql/query`, {
    method: "POST",
    body: new URLSearchParams({ query: text }),
  })
  const body = await answer.text()
  assert.equal(answer.status, 200, body)
  return body.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}
