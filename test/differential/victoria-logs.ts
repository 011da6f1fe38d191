import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventually } from "../support/server.ts"

/** Rows of an answer: fields without a value are not there. */
export type Rows = readonly Readonly<Record<string, string>>[]

/** A real VictoriaLogs in a process of its own, on a free port and in a folder that goes with it. */
export type VictoriaLogs = {
  readonly url: string
  insert(rows: Rows, streamFields: readonly string[]): Promise<void>
  end(): Promise<void>
}

const START_MS_MAX = 20_000

export async function startVictoriaLogs(program: string): Promise<VictoriaLogs> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-differential-"))
  const url = `http://127.0.0.1:${await freePort()}`
  const args = [
    `-storageDataPath=${folder}`,
    `-httpListenAddr=${url.slice("http://".length)}`,
    "-retentionPeriod=100y",
    "-futureRetention=100y",
    "-memory.allowedBytes=300MB",
  ]
  const child = spawn(program, args, { stdio: "ignore" })
  const ended = once(child, "exit")
  await eventually("VictoriaLogs listens", START_MS_MAX, () =>
    fetch(`${url}/health`).then(
      (answer) => (answer.ok ? true : undefined),
      () => undefined,
    ),
  )
  return {
    url,
    async insert(rows, streamFields) {
      const body = rows.map((row) => `${JSON.stringify(row)}\n`).join("")
      const answer = await fetch(`${url}/insert/jsonline?_stream_fields=${streamFields.join(",")}`, {
        method: "POST",
        headers: { "content-type": "application/stream+json" },
        body,
      })
      if (!answer.ok) throw new Error(`VictoriaLogs takes no rows: ${answer.status} ${await answer.text()}`)
      await fetch(`${url}/internal/force_flush`)
    },
    async end() {
      child.kill("SIGTERM")
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** It cannot be told to choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (typeof address !== "object" || address === null) throw new Error("no port was free")
  return address.port
}

/** What a server says to a query: rows, or that it does not understand it. */
export async function ask(url: string, query: string): Promise<Rows | "refused"> {
  const answer = await fetch(`${url}/select/logsql/query`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ query }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.text()
  if (answer.status === 400) return "refused"
  if (!answer.ok) throw new Error(`${answer.status}: ${text.slice(0, 300)}`)
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, string>)
}

/** Pipes over rows that are written down: both servers take them from the query. */
export function onRows(given: Rows, pipe: string): string {
  const texts = given.map((row) => {
    const fields = Object.entries(row).map(
      ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
    )
    return `{${fields.join(",")}}`
  })
  return `kind:=nothing | union rows(${texts.join(",")}) | ${pipe}`
}
