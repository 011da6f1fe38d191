/** Commands that write, killed before each of their steps and run again until they end: all is there once, and verifies. */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { parseControl } from "../../src/seal/control.ts"
import { readSigner } from "../../src/seal/keys.ts"
import { openLedger } from "../../src/seal/ledger.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { deliveredIn } from "../../src/intake/file-sent.ts"
import type { PlacedRecord } from "../../src/event/record.ts"
import { isRefusal } from "../../src/base/refusal.ts"
import { diesBefore } from "../support/kills.ts"
import { type Ran, tallystick } from "../support/server.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"

type Place = { readonly cwd: string; readonly dir: string; run(...args: string[]): Promise<Ran> }

async function makePlace(t: TestContext): Promise<Place> {
  const cwd = temporaryFolder(t)
  const env = { XDG_STATE_HOME: join(cwd, "state"), NODE_COMPILE_CACHE: join(cwd, "compiled") }
  const run = (...args: string[]) => tallystick([...args], { cwd, env })
  const dir = join(cwd, "data")
  assert.equal((await run("init", "--origin", "example.com/killed", "--dir", dir)).code, 0)
  return { cwd, dir, run }
}

function open(dir: string, key = "log.key") {
  return openLedger(dir, {
    signer: readSigner(join(dir, "keys", key)),
    clock: () => Date.now() * 1000,
    onFatal: (error) => assert.fail(String(error)),
  })
}

async function records(dir: string): Promise<PlacedRecord[]> {
  const ledger = await open(dir)
  const all: PlacedRecord[] = []
  for await (const batch of deliveredIn(ledger.journal)(0)) all.push(...batch)
  await ledger.close()
  return all
}

async function assertFine({ dir, run }: Place): Promise<void> {
  const key = formatVerifierKey(readSigner(join(dir, "keys/log.key")))
  const { code, stdout } = await run("verify", dir, "--key", key)
  assert.equal(code, 0, stdout)
}

async function count({ run, dir }: Place, query: string): Promise<number> {
  const { stdout, stderr } = await run("query", `${query} | stats count() n`, "--dir", dir, "--json")
  assert.equal(stderr, "")
  return Number(JSON.parse(stdout).n)
}

test("import killed before each of its steps, then run to its end: every event is counted once", async (t) => {
  const place = await makePlace(t)
  const { cwd, dir } = place
  const events = 4_000
  writeFileSync(join(cwd, "events"), Array.from({ length: events }, (_, i) => eventLine(i)).join(""))
  const args = ["import", "events", "--dir", dir, "--source", "c/a"]
  let kills = 0
  while ((await diesBefore(kills, { args, cwd })) === "killed") kills += 1
  const all = await records(dir)
  const kept = all.filter(({ source }) => source === "c/a").length
  assert.ok(kept > events, "some of it was there before")
  assert.equal(await count(place, "source:=c/a"), events)
  const done = all.filter(isImportDone).length
  assert.ok(done > 1, "who is killed behind its last record has done its work all the same")
  await assertFine(place)
  t.diagnostic(`${kills} kills, ${kept} records of ${events} events`)
})

function isImportDone({ kind, body }: PlacedRecord): boolean {
  return kind === "tallystick" && parseControl(body).kind === "import.done"
}

/** Of some thousand: at its first record, between two and within one of those in the middle. */
const REPLAY_STEPS = [4, 5, 60, 61, 62, 63]

test("quarantine replay killed in the middle, then run to its end: every record is handled and counted once", async (t) => {
  const place = await makePlace(t)
  const { cwd, dir } = place
  const events = 300
  const ledger = await open(dir)
  await ledger.journal.append(
    Array.from({ length: events }, (_, i) => ({
      source: "c/old",
      kind: "k8s.audit",
      body: Buffer.from(eventLine(i).trim()),
      words: [["quarantined", "version"]],
    })),
  )
  await ledger.close()
  const args = ["quarantine", "replay", "--dir", dir]
  for (const step of REPLAY_STEPS) assert.equal(await diesBefore(step, { args, cwd }), "killed")
  const { code, stderr } = await place.run(...args)
  assert.equal(code, 0, stderr)
  assert.equal((await place.run("quarantine", "list", "--dir", dir)).stdout, "nothing is quarantined\n")
  assert.equal(await count(place, "source:=c/old words:imported"), events)
  const all = await records(dir)
  const replays = all.filter(({ words }) => words.some(([word]) => word === "imported")).length
  assert.ok(
    replays <= events + REPLAY_STEPS.length,
    `${replays}: a kill repeats the record under way and no other`,
  )
  await assertFine(place)
})

test("keys rotate killed before each of its steps: one key opens the ledger at any time, and it verifies with the last", async (t) => {
  const place = await makePlace(t)
  const { cwd, dir } = place
  const ledger = await open(dir)
  await ledger.journal.append([
    { source: "c/a", kind: "k8s.audit", body: Buffer.from(eventLine(1)), words: [] },
  ])
  await ledger.close()
  const args = ["keys", "rotate", "--dir", dir]
  let [kills, opened] = [0, 0]
  // Each time the next rotation: what the one before left behind is finished first.
  for (; (await diesBefore(kills, { args, cwd })) === "killed"; kills++) {
    for (const key of ["log.key", "log.key.next"]) {
      try {
        await (await open(dir, key)).close()
        opened += 1
      } catch (error) {
        assert.ok(isRefusal(error, "key.unknown") || isRefusal(error, "key.unreadable"), String(error))
      }
    }
    assert.equal((await place.run(...args)).code, 0)
  }
  assert.equal(opened, kills)
  assert.ok(kills > 10, `${kills} steps`)
  await assertFine(place)
  t.diagnostic(`${kills} kills`)
})
