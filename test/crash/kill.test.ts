import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { RESERVED } from "../../src/event/record.ts"
import type { Checkpoint } from "../../src/tlog/checkpoint.ts"
import { checkLedger } from "../support/check-ledger.ts"
import { testLedger, testSigner } from "../support/ledger.ts"
import { seededRandom } from "../support/random.ts"
import { temporaryFolder } from "../support/temporary.ts"

const KILLS = 220
const KILLS_MAX = 10 * KILLS
const RUN_MS_MAX = 60
/** In so many of ten rounds the process dies while it starts. */
const EARLY_OF_TEN = 2
const IN_FLIGHT = 12

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url))

test(`killed ${KILLS} times at any moment: everything acknowledged is there once, in order`, async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const random = seededRandom(20_261_120)
  const acknowledged = new Set<string>()
  let sent = 0
  let checked: { checkpoint: Checkpoint; upTo: number } | undefined
  const first = start(ledger.dir)
  first.process.stdin?.end() // ends by itself, and leaves what it compiled to the others
  await first.ended
  const processes = { next: start(ledger.dir) }
  t.after(() => processes.next.process.kill("SIGKILL"))

  // On a machine that is slow enough, more often: until there was work to lose.
  for (let kill = 0; kill < KILLS || (acknowledged.size <= KILLS && kill < KILLS_MAX); kill++) {
    const child = processes.next
    processes.next = start(ledger.dir) // loads while the other one works
    child.onLine = (id) => acknowledged.add(id)
    child.send("open")
    const early = random() * 10 < EARLY_OF_TEN
    if (!early) {
      await child.ready
      checked = check()
      child.onLine = (id) => {
        acknowledged.add(id)
        child.send(nextId())
      }
      for (let i = 0; i < IN_FLIGHT; i++) child.send(nextId())
    }
    await setTimeout(random() * (early ? 15 : RUN_MS_MAX))
    child.process.kill("SIGKILL")
    await child.ended
  }

  processes.next.process.kill("SIGKILL")
  await processes.next.ended
  assert.ok(acknowledged.size > KILLS, "there was work to lose")

  const open = await ledger.open()
  await open.sealer.sealOnce()
  await open.close()
  checked = undefined
  const { checkpoint, upTo } = check()
  t.diagnostic(
    `${KILLS} kills, ${acknowledged.size} of ${sent} acknowledged, ${upTo} records, ${checkpoint.size} blocks`,
  )

  function nextId(): string {
    return `${String(sent++).padStart(8, "0")}-${sent % 3}`
  }

  function check() {
    const { checkpoint, records, blocks } = checkLedger(
      ledger.dir,
      testSigner(),
      checked?.checkpoint,
      checked?.upTo,
    )
    const ids = records
      .filter(({ kind }) => kind !== RESERVED)
      .map(({ body }) => Buffer.from(body).toString())
    for (const [at, id] of ids.entries())
      assert.ok(at === 0 || (ids[at - 1] ?? "") < id, "each once, in order")
    const there = new Set(ids)
    const lost = [...acknowledged].filter((id) => !there.has(id))
    assert.deepEqual(lost, [], "nothing acknowledged is lost")
    const last = blocks.at(-1)
    return { checkpoint, upTo: (last?.first ?? 0) + (last?.count ?? 0) }
  }
})

test("a process that dies lets its ledger go; while it lives no other takes it", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const child = start(ledger.dir)
  t.after(() => child.process.kill("SIGKILL"))
  child.send("open")
  await child.ready
  await assert.rejects(ledger.open(), { code: "ledger.locked" })
  child.process.kill("SIGKILL")
  await child.ended
  await (await ledger.open()).close()
})

type Child = {
  readonly process: ChildProcess
  readonly ready: Promise<void>
  readonly ended: Promise<unknown>
  onLine: (line: string) => void
  send(line: string): void
}

function start(dir: string): Child {
  const process_ = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, dir], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(dir, "..", "compiled") }, // loads in half the time
  })
  process_.stdin.on("error", () => {}) // it was killed while it was spoken to
  const lines = createInterface({ input: process_.stdout })
  const ended = Promise.all([once(process_, "exit"), once(lines, "close")])
  let isReady = () => {}
  const child: Child = {
    process: process_,
    ready: new Promise((resolve, reject) => {
      isReady = resolve
      void ended.then(() => reject(new Error("the process ended before it was ready")))
    }),
    ended,
    onLine: () => {},
    send: (line) => void process_.stdin.write(`${line}\n`),
  }
  child.ready.catch(() => {})
  lines.on("line", (line) => (line === "ready" ? isReady() : child.onLine(line)))
  return child
}
