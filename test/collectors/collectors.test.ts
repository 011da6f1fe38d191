import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { recordedLog } from "../support/recorded.ts"
import { eventually, freePort, type Server, startServer, temporaryFolder } from "../support/server.ts"
import { COLLECTORS, type Collector } from "./programs.ts"

/**
 * Real collectors follow a file that grows, while the server is killed and started again: every line of it arrives, once,
 * as docs/INSERT.md says. Not part of `npm test`: `.ci/run` builds the programs, and names them in the environment.
 */

/** Lines of other programs in the same file: what does not survive being escaped, parsed or trimmed. */
const OTHERS: readonly string[] = [
  "a plain line",
  'I0102 03:04:05.678901 1 "quoted" back\\slash, a\ttab and é 日本 \u{1f512}',
  '{"level":"info","msg":"JSON of its own","n":12345678901234567890}',
  '{"cut off":',
  '["a","list"]',
  "<13>Jan  2 03:04:05 host app[1]: a line like syslog's",
]
/** Of each, so that they are many and no two are alike. */
const ROUNDS = 20
/** Kept events are compared byte by byte: redaction changes them on purpose. */
const ARGS = ["--set", "redaction.enabled=false"]
const WAIT_MS_MAX = 30_000

type Row = Readonly<Record<string, string>>

for (const collector of COLLECTORS) {
  test(`${collector.name}: every line arrives once, also when the server is killed`, async (t) => {
    if (collector.program === undefined) return t.skip("nobody built it; .ci/run does")
    const folder = await temporaryFolder()
    const [file, dir, ledger] = ["audit.log", "collector", "ledger"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string]
    mkdirSync(dir)
    writeFileSync(file, "")
    const port = await freePort()
    const start = () => startServer(ledger, { args: ["--port", String(port), ...ARGS] })
    let server = await start()
    const running = run(collector, { dir, file, server: new URL(server.url) })
    try {
      const parts = partsOf(linesToSend())
      let sent = 0
      const append = (lines: readonly string[] = []) => {
        appendFileSync(file, lines.map((line) => `${line}\n`).join(""))
        sent += lines.length
      }
      append(parts[0])
      await arrived(server, sent, running)
      assert.equal(await server.end("SIGKILL"), "SIGKILL")
      append(parts[1])
      server = await start()
      await arrived(server, sent, running)
      // Another time while it is sending, or is about to.
      append(parts[2])
      await server.end("SIGKILL")
      server = await start()
      await arrived(server, sent, running)
      check(await rowsOf(server), linesToSend(), collector)
    } finally {
      await running.end()
      await server.end()
      await folder.remove()
    }
  })
}

function linesToSend(): readonly string[] {
  const lines = [...recordedLog()]
  const step = Math.floor(lines.length / (ROUNDS * OTHERS.length))
  for (let round = 0, at = 0; round < ROUNDS; round++) {
    for (const line of OTHERS) {
      lines.splice(at, 0, numbered(line, round))
      at += step
    }
  }
  return lines
}

/** As many times as needed, and never the same: inside where a line ends in a brace. */
function numbered(line: string, round: number): string {
  return line.replace(/[a-z]/, (first) => `${first}${round}`)
}

function partsOf(lines: readonly string[]): readonly (readonly string[])[] {
  const third = Math.ceil(lines.length / 3)
  return [0, 1, 2].map((part) => lines.slice(part * third, (part + 1) * third))
}

type Running = { readonly child: ChildProcess; readonly said: () => string; end(): Promise<void> }

function run(collector: Collector, following: Parameters<Collector["prepare"]>[0]): Running {
  const { program = "", prepare, libraries } = collector
  const env = { ...process.env, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) }
  const child = spawn(program, prepare(following), {
    cwd: following.dir,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  const hear = (text: Buffer) => {
    said = (said + text.toString()).slice(-5000)
  }
  child.stdout.on("data", hear)
  child.stderr.on("data", hear)
  const ended = once(child, "exit")
  return {
    child,
    said: () => said,
    async end() {
      child.kill("SIGKILL")
      await ended
    },
  }
}

/** Waits until as many lines are there as were written, and for none that comes too often: {@link check} sees that. */
async function arrived(server: Server, lines: number, { child, said }: Running): Promise<void> {
  let rows = 0
  const look = async () => {
    assert.equal(child.exitCode ?? child.signalCode, null, `the collector has ended: ${said()}`)
    rows = (await rowsOf(server)).length
    return rows >= lines ? true : undefined
  }
  await eventually("all lines", WAIT_MS_MAX, look).catch((error: unknown) => {
    throw new Error(`${rows} of ${lines} lines have arrived; the collector says: ${said()}`, { cause: error })
  })
}

async function rowsOf({ url }: Server): Promise<readonly Row[]> {
  const query = "kind:in(k8s.audit, log) | fields kind, _msg, raw, words, record"
  const answer = await fetch(`${url}/select/logsql/query`, {
    method: "POST",
    body: new URLSearchParams({ query, limit: "10000" }),
  })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Row]))
}

const isEvent = (line: string) => line.includes('"auditID"')

function check(
  rows: readonly Row[],
  lines: readonly string[],
  { lines: how, via, reencoded, says = (line) => line }: Collector,
): void {
  const [events, others] = [
    rows.filter(({ kind }) => kind === "k8s.audit"),
    rows.filter(({ kind }) => kind === "log"),
  ]
  for (const { words } of rows) assert.match(words ?? "", new RegExp(`\\bvia=${via}$`))
  if (how === "exact") {
    assertSame(
      events.map(({ raw }) => raw ?? ""),
      lines.filter(isEvent),
    )
    assertSame(
      others.map(({ _msg }) => _msg ?? ""),
      lines.filter((line) => !isEvent(line)).map(says),
    )
    return
  }
  assertSame(
    events.map(({ raw }) => idOf(raw ?? "")),
    lines.filter(isEvent).map(idOf),
  )
  for (const { words } of events) assert.match(words ?? "", new RegExp(`\\breencoded=${reencoded}\\b`))
  assert.equal(others.length, lines.length - events.length)
}

function idOf(event: string): string {
  const { auditID, stage } = JSON.parse(event) as Row
  return `${auditID} ${stage}`
}

/** The same texts, as often, in any order: a collector sends batches side by side. Tells the first that differs. */
function assertSame(seen: readonly string[], expected: readonly string[]): void {
  const [a, b] = [seen.toSorted(), expected.toSorted()]
  const at = a.findIndex((text, i) => text !== b[i])
  if (at >= 0) assert.equal(a[at], b[at])
  assert.equal(a.length, b.length)
}
