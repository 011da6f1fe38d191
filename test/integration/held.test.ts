/** Commands that need a ledger alone, beside a process that holds it: they go through a server, or say who and what to do. */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { after, before, test } from "node:test"
import { newKey, readSigner, writeKey } from "../../src/seal/keys.ts"
import { openLedger } from "../../src/seal/ledger.ts"
import { eventually, type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"
import { eventLine } from "../support/tailed.ts"

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let server: Server

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "ledger")
  writeFileSync(join(folder.path, "events"), eventLine(1) + eventLine(2))
  writeFileSync(
    join(folder.path, "policy.yaml"),
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n",
  )
  server = await startServer(dir)
  await server.end()
  await quarantineByAnOlderVersion()
  server = await startServer(dir)
})

after(async () => {
  await server.end()
  await folder.remove()
})

const run = (...args: string[]) =>
  tallystick(args, { cwd: folder.path, env: { XDG_STATE_HOME: join(folder.path, "state") } })

/** As a version leaves them that did not know what this one knows; and one that nobody understands. */
async function quarantineByAnOlderVersion(): Promise<void> {
  const ledger = await openLedger(dir, {
    signer: readSigner(join(dir, "keys/log.key")),
    clock: () => Date.now() * 1000,
    onFatal: (error) => assert.fail(String(error)),
  })
  const body = (text: string) => ({ source: "c/old", kind: "k8s.audit", body: Buffer.from(text) })
  await ledger.journal.append([
    { ...body(eventLine(3).trim()), words: [["quarantined", "version"]] },
    { ...body("nmap"), words: [["quarantined", "syntax"]] },
  ])
  await ledger.close()
}

async function count(query: string): Promise<number> {
  const { stdout } = await run("query", `${query} | stats count() n`, "--server", server.url, "--json")
  return Number(JSON.parse(stdout).n)
}

const THROUGH = () => `tallystick: a server holds the ledger; going through it: ${server.url}\n`

test("import goes through the server that holds the ledger, says so, and what it took is there at once", async () => {
  const ran = await run("import", "events", "--dir", dir, "--source", "c/a", "--json")
  assert.equal(ran.code, 0)
  assert.equal(ran.stderr, THROUGH())
  assert.equal(JSON.parse(ran.stdout).records, 2)
  assert.equal(await count("source:=c/a auditID:*"), 2)
})

test("quarantine replay and dismiss go through it too", async () => {
  const replayed = await run("quarantine", "replay", "--dir", dir, "--json")
  assert.equal(replayed.stderr, THROUGH())
  assert.deepEqual(JSON.parse(replayed.stdout), { replayed: 1, left: 1, handledBefore: 0 })
  const listed = await run("quarantine", "list", "--dir", dir, "--json")
  const { record } = JSON.parse(listed.stdout)
  const dismissed = await run("quarantine", "dismiss", String(record), "--dir", dir, "--why", "a port scan")
  assert.deepEqual([dismissed.code, dismissed.stdout, dismissed.stderr], [0, "1 dismissed\n", THROUGH()])
  assert.equal((await run("quarantine", "list", "--dir", dir)).stdout, "nothing is quarantined\n")
})

const REFUSED: readonly [args: string[], advice: string][] = [
  [
    ["policy", "record", "policy.yaml", "--source", "c"],
    "name the file under policy.declared in its configuration",
  ],
  [["keys", "rotate"], "stop it \\(kill PID\\), run this again, then start it again"],
  [["init", "--set", "origin=example.com/other", "--set", "key=other.key"], "it is a ledger already"],
  [["serve"], "go to that one, or stop it \\(kill PID\\)"],
]
for (const [args, advice] of REFUSED) {
  test(`${args.slice(0, 2).join(" ")} cannot: who holds it, where that answers, and what to do`, async () => {
    const { code, stderr } = await run(...args, "--dir", dir)
    assert.equal(code, 2, stderr)
    const who = `process ${server.child.pid}, a server at ${server.url}, holds ${dir}: `
    assert.match(stderr, new RegExp(who + advice.replace("PID", String(server.child.pid))))
  })
}

test("a server that knows its senders asks the import for a token, and takes it with one", async (t) => {
  const other = join(folder.path, "guarded")
  const token = "the-token-of-whoever-may-import-here"
  const tokenSha256 = createHash("sha256").update(token).digest("hex")
  const credential = { name: "old", source: "c", verbs: ["write", "read"], tokenSha256 }
  writeFileSync(join(folder.path, "guarded.yaml"), JSON.stringify({ dir: other, credentials: [credential] }))
  writeFileSync(join(folder.path, "token"), token)
  const guarded = await startServer(other, { args: ["--config", join(folder.path, "guarded.yaml")] })
  t.after(() => guarded.end())
  const without = await run("import", "events", "--config", "guarded.yaml")
  assert.equal(without.code, 2)
  assert.match(without.stderr, /going through it: http.*\n.*give a token with --token-file/s)
  const ran = await run("import", "events", "--config", "guarded.yaml", "--token-file", "token", "--json")
  assert.equal(ran.code, 0, ran.stderr)
  assert.equal(JSON.parse(ran.stdout).records, 2)
})

test("a server that was killed leads nobody astray: the ledger is opened, and who else holds it is told", async () => {
  const other = join(folder.path, "killed")
  const killed = await startServer(other)
  await killed.end("SIGKILL")
  assert.ok(existsSync(join(other, "serving")), "it had no time to take it away")
  const alone = await run("import", "events", "--dir", other, "--source", "c/a")
  assert.deepEqual([alone.code, alone.stderr], [0, ""])

  const waiting = importFromPipe(other)
  try {
    // Asked of the kernel: a command that tries would take the lock from it.
    await eventually("the pipe's import holds the ledger", 20_000, async () =>
      new RegExp(` WRITE ${waiting.pid} `).test(readFileSync("/proc/locks", "utf8")) ? true : undefined,
    )
    const refused = await run("import", "events", "--dir", other, "--source", "c/a")
    assert.equal(refused.code, 2)
    const { pid } = waiting
    assert.match(
      refused.stderr,
      new RegExp(
        `process ${pid} \\(tallystick import - --dir .*\\) holds .*: wait for its end, or stop it \\(kill ${pid}\\)`,
      ),
    )
  } finally {
    waiting.stdin?.end()
  }
  assert.deepEqual(await once(waiting, "exit"), [0, null])
})

function importFromPipe(ledger: string): ChildProcess {
  const main = resolve(import.meta.dirname, "../../src/cli/main.ts")
  return spawn(process.execPath, [main, "import", "-", "--dir", ledger], {
    stdio: ["pipe", "ignore", "inherit"],
  })
}

test("a ledger that nobody serves any more says so no more", async () => {
  const other = join(folder.path, "ended")
  writeKey(join(other, "keys", "log.key"), newKey("example.com/ended"))
  const ended = await startServer(other)
  assert.ok(existsSync(join(other, "serving")))
  assert.equal(await ended.end(), 0)
  assert.ok(!existsSync(join(other, "serving")))
})
