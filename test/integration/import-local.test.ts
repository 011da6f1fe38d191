import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gunzipSync, gzipSync } from "node:zlib"
import { importCommand } from "../../src/cli/commands/import.ts"
import { quarantineDismiss } from "../../src/cli/commands/quarantine-dismiss.ts"
import { quarantineList } from "../../src/cli/commands/quarantine-list.ts"
import { quarantineReplay } from "../../src/cli/commands/quarantine-replay.ts"
import { quarantineShow } from "../../src/cli/commands/quarantine-show.ts"
import { query } from "../../src/cli/commands/query.ts"
import { makeRedactionKey } from "../../src/cli/redaction-key.ts"
import type { PlacedRecord } from "../../src/event/record.ts"
import { deliveredIn } from "../../src/intake/file-sent.ts"
import { parseControl } from "../../src/seal/control.ts"
import { initLedger } from "../../src/seal/init-ledger.ts"
import { newKey, readSigner, writeKey } from "../../src/seal/keys.ts"
import { openLedger } from "../../src/seal/ledger.ts"
import { BASE64, CANARY, HIDDEN } from "../fixtures/events/hidden-canary.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { testWorld } from "../support/world.ts"

const clock = () => Date.UTC(2026, 0, 2, 3, 4, 5) * 1000
const REAL_LOG = join(import.meta.dirname, "../fixtures/real/own-1.20.2-audit.jsonl.gz")

async function makeLedger(context: TestContext) {
  const cwd = temporaryFolder(context)
  const dir = join(cwd, "data")
  const key = join(dir, "keys/log.key")
  mkdirSync(dir)
  writeKey(key, newKey("example.com/test"))
  await initLedger(dir, { signer: readSigner(key), clock })
  makeRedactionKey(join(dir, "keys/redaction.key"))
  const env = { XDG_STATE_HOME: join(cwd, "state") }
  const open = () =>
    openLedger(dir, {
      signer: readSigner(key),
      clock,
      onFatal: (error) => {
        throw error
      },
    })
  return { cwd, dir, env, open, world: () => testWorld({ cwd, env }) }
}

async function recordsOf(ledger: Awaited<ReturnType<typeof openLedger>>): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  for await (const batch of deliveredIn(ledger.journal)(0)) records.push(...batch)
  return records
}

test("a ledger without a server takes the log of a real API server: every line, marked, sealed, with its import.done", async (t) => {
  const { cwd, dir, open, world } = await makeLedger(t)
  writeFileSync(join(cwd, "audit.log.gz"), readFileSync(REAL_LOG))
  const lines = gunzipSync(readFileSync(REAL_LOG)).toString().trimEnd().split("\n")
  const run = world()
  assert.equal(await importCommand.run(["audit.log.gz"], { dir, source: "prod-1/apiserver-0" }, run), 0)
  assert.match(run.out(), /^audit\.log\.gz: 801 records/)
  assert.equal(run.err(), "")

  const ledger = await open()
  const records = await recordsOf(ledger)
  assert.equal(ledger.sealer.sealed.records, ledger.journal.next, "all of it is sealed")
  await ledger.close()
  const own = records.filter(({ source }) => source === "prod-1/apiserver-0")
  const id = own[0]?.words.find(([word]) => word === "imported")?.[1]
  for (const [i, { body, words, n }] of own.entries()) {
    assert.equal(n, i)
    assert.ok(words.some(([word, value]) => word === "imported" && value === id))
    const redacted = words.some(([word]) => word === "original")
    if (!redacted) assert.equal(Buffer.from(body).toString(), lines[i])
  }
  assert.equal(own.length, lines.length)

  const controls = records.filter(({ kind }) => kind === "tallystick").map(({ body }) => parseControl(body))
  const done = controls.find(({ kind }) => kind === "import.done")?.value
  assert.deepEqual(done && "sha256" in done && { ...done, sha256: done.sha256.length }, {
    id,
    name: "audit.log.gz",
    bytes: statSync(REAL_LOG).size,
    sha256: 64,
    records: 801,
    first: own[0]?.number,
    last: own.at(-1)?.number,
  })
})

test("an import leaves no canary in any file of the ledger, nor in what it prints", async (t) => {
  const { cwd, dir, world } = await makeLedger(t)
  const content = HIDDEN.map(([, body]) => body.replaceAll("\n", " ")).join("\n")
  writeFileSync(join(cwd, "secrets.gz"), gzipSync(content))
  const run = world()
  assert.equal(await importCommand.run(["secrets.gz"], { dir, source: "c/a" }, run), 0)
  const texts = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
  assert.ok(texts.some((text) => text.includes("[redacted:")))
  for (const text of [...texts, run.both()]) assert.ok(!text.includes(CANARY) && !text.includes(BASE64))
})

/** As a version leaves them that did not know what this one knows. */
async function quarantineByAnOlderVersion(dir: string): Promise<void> {
  const ledger = await openLedger(dir, {
    signer: readSigner(join(dir, "keys/log.key")),
    clock: () => 1e15,
    onFatal: (error) => assert.fail(String(error)),
  })
  const body = (text: string) => ({ source: "c/old", kind: "k8s.audit", body: Buffer.from(text) })
  await ledger.journal.append([
    { ...body(eventLine(1).trim()), words: [["quarantined", "version"]] },
    { ...body("{"), words: [["quarantined", "cutOff"]] },
    { ...body("nmap"), words: [["quarantined", "syntax"]] },
  ])
  await ledger.close()
}

test("what is understood by now is taken in again once, and what needs no answer is dismissed with a reason", async (t) => {
  const { dir, world } = await makeLedger(t)
  await quarantineByAnOlderVersion(dir)
  const listed = async (options = {}) => {
    const list = world()
    await quarantineList.run([], { dir, json: true, ...options }, list)
    const rows = list
      .out()
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
    return rows.map(({ reason, handled }) => (handled === undefined ? reason : `${reason} ${handled}`))
  }
  assert.deepEqual(await listed(), ["syntax", "cutOff", "version"])

  const replayed = world()
  assert.equal(await quarantineReplay.run([], { dir }, replayed), 1)
  assert.equal(replayed.out(), "1 replayed, 2 still not understood, 0 handled before\n")
  assert.deepEqual(await listed(), ["syntax", "cutOff"])
  const events = world()
  await query.run(["auditID:* words:imported | fields source, auditID"], { dir, json: true }, events)
  assert.equal(events.out().trimEnd().split("\n").length, 1)
  assert.match(events.out(), /"source":"c\/old"/)

  const nothingNew = world()
  assert.equal(await quarantineReplay.run([], { dir, json: true }, nothingNew), 1)
  assert.deepEqual(JSON.parse(nothingNew.out()), { replayed: 0, left: 2, handledBefore: 0 })

  const records = world()
  await quarantineList.run([], { dir, json: true, reason: "syntax" }, records)
  const record = String(JSON.parse(records.out()).record)
  await assert.rejects(quarantineDismiss.run([record], { dir }, world()), { code: "usage" })
  await assert.rejects(quarantineDismiss.run(["0"], { dir, why: "x" }, world()), {
    code: "record.notQuarantined",
  })
  assert.equal(await quarantineDismiss.run([record], { dir, why: "a port scan" }, world()), 0)
  assert.deepEqual(await listed(), ["cutOff"])
  assert.deepEqual(await listed({ all: true }), ["syntax dismissed", "cutOff", "version replayed"])
  const told = world()
  await query.run(['kind:=tallystick raw:"quarantine.dismissed" | fields raw'], { dir, json: true }, told)
  assert.match(told.out(), /a port scan/)
})

test("what was imported before is known, what was not understood is listed and shown: all from the directory", async (t) => {
  const { cwd, dir, world } = await makeLedger(t)
  const bad = '{"auditID":"x","stage":'
  writeFileSync(join(cwd, "a"), `${eventLine(1)}${bad}\n`)
  const first = world()
  await importCommand.run(["a"], { dir, source: "c/a" }, first)
  assert.equal(first.err(), "")
  const again = world()
  await importCommand.run(["a"], { dir, source: "c/a" }, again)
  assert.match(again.err(), /^a was imported before/)

  const list = world()
  assert.equal(await quarantineList.run([], { dir, json: true, reason: "cutOff" }, list), 0)
  const rows = list
    .out()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ source, reason, size, preview }) => [source, reason, size, preview]),
    Array(2).fill(["c/a", "cutOff", bad.length, bad]),
  )
  const show = world()
  assert.equal(await quarantineShow.run([String(rows[0].record)], { dir }, show), 0)
  assert.equal(show.out(), bad)
})

test("a ledger that another process holds is not touched, and who it is is told", async (t) => {
  const { cwd, dir, open, world } = await makeLedger(t)
  writeFileSync(join(cwd, "a"), "{}\n")
  const ledger = await open()
  await assert.rejects(importCommand.run(["a"], { dir }, world()), {
    code: "ledger.locked",
    message: /holds .*data: wait for its end, or stop it/,
  })
  await ledger.close()
})

test("a file of another kind is refused and nothing is written", async (t) => {
  const { cwd, dir, open, world } = await makeLedger(t)
  writeFileSync(join(cwd, "event.yaml"), "kind: Event\n")
  await assert.rejects(importCommand.run(["event.yaml"], { dir }, world()), { code: "import.format" })
  const ledger = await open()
  assert.equal((await recordsOf(ledger)).filter(({ kind }) => kind !== "tallystick").length, 0)
  await ledger.close()
})
