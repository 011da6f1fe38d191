/** Commands that write, killed at any moment and run again until they end: all is there once, and verifies. */
import assert from "node:assert/strict"
import { readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { parseControl } from "../../src/seal/control.ts"
import { readSigner } from "../../src/seal/keys.ts"
import { openLedger } from "../../src/seal/ledger.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { deliveredIn } from "../../src/intake/file-sent.ts"
import type { PlacedRecord } from "../../src/event/record.ts"
import { isRefusal } from "../../src/base/refusal.ts"
import { killed, repeatable } from "../support/kills.ts"
import { type Ran, eventually, tallystick } from "../support/server.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"

const KILLS = 5

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

/** Resolves when the command has begun to write to the journal. */
function whenWriting(dir: string): () => Promise<void> {
  const bytes = () => {
    const folder = join(dir, "journal")
    return readdirSync(folder).reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )
  }
  const before = bytes()
  return async () => {
    await eventually("it writes", 20_000, async () => bytes() !== before || undefined)
  }
}

test(`import killed ${KILLS} times, then run to its end: every event is counted once`, async (t) => {
  const place = await makePlace(t)
  const { cwd, dir } = place
  const events = 4_000
  writeFileSync(join(cwd, "events"), Array.from({ length: events }, (_, i) => eventLine(i)).join(""))
  const args = ["import", "events", "--dir", dir, "--source", "c/a"]
  const random = repeatable(1)
  const ends: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    ends.push(await killed({ args, cwd, begun: whenWriting(dir), msMax: 120, random }))
  }
  assert.ok(ends.includes("killed"))
  const { code, stderr } = await place.run(...args)
  assert.equal(code, 0, stderr)
  const all = await records(dir)
  const kept = all.filter(({ source }) => source === "c/a").length
  assert.ok(kept > events, "some of it was there before")
  assert.equal(await count(place, "source:=c/a"), events)
  const done = all.filter(isImportDone).length
  const ended = ends.filter((end) => end === "ended").length
  assert.ok(done > ended, "who is killed behind its last record has done its work all the same")
  await assertFine(place)
  t.diagnostic(`${kept} records of ${events} events`)
})

function isImportDone({ kind, body }: PlacedRecord): boolean {
  return kind === "tallystick" && parseControl(body).kind === "import.done"
}

test(`quarantine replay killed ${KILLS} times, then run to its end: every record is handled and counted once`, async (t) => {
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
  const random = repeatable(2)
  let done = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const end = await killed({ args, cwd, begun: whenWriting(dir), msMax: 150, random })
    if (end === "ended") done += 1
  }
  assert.ok(done < KILLS)
  const { code, stderr } = await place.run(...args)
  assert.equal(code, 0, stderr)
  assert.equal((await place.run("quarantine", "list", "--dir", dir)).stdout, "nothing is quarantined\n")
  assert.equal(await count(place, "source:=c/old words:imported"), events)
  const all = await records(dir)
  const replays = all.filter(({ words }) => words.some(([word]) => word === "imported")).length
  assert.ok(replays <= events + KILLS, `${replays}: a kill repeats the record under way and no other`)
  await assertFine(place)
})

test(`keys rotate killed ${KILLS} times: one key opens the ledger at any time, and it verifies with the last`, async (t) => {
  const place = await makePlace(t)
  const { cwd, dir } = place
  const ledger = await open(dir)
  await ledger.journal.append([
    { source: "c/a", kind: "k8s.audit", body: Buffer.from(eventLine(1)), words: [] },
  ])
  await ledger.close()
  const args = ["keys", "rotate", "--dir", dir]
  const random = repeatable(3)
  const ends: string[] = []
  let opened = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const late = kill % 2 === 0 ? { begun: whenWriting(dir), msMax: 40 } : { msMax: 900 }
    ends.push(await killed({ args, cwd, ...late, random }))
    for (const key of ["log.key", "log.key.next"]) {
      try {
        await (await open(dir, key)).close()
        opened += 1
      } catch (error) {
        assert.ok(isRefusal(error, "key.unknown") || isRefusal(error, "key.unreadable"), String(error))
      }
    }
  }
  assert.equal(opened, KILLS)
  assert.ok(ends.includes("killed"))
  assert.equal((await place.run(...args)).code, 0)
  await assertFine(place)
})
