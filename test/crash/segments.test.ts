import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { isRefusal } from "../../src/base/refusal.ts"
import { verifyLedger } from "../../src/seal/verify.ts"
import { cataloguePath, openCatalogue } from "../../src/store/catalogue.ts"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"
import { segmentPath } from "../../src/store/segment-name.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { type TestLedger, testLedger, testRecord, testSigner } from "../support/ledger.ts"
import { eventBody } from "../support/segments.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { type Effect, type Fault, faultyDisk } from "./faulty-disk.ts"
import { type Making, openMaking } from "./making.ts"

const BATCHES = 4
const PER_BATCH = 5
const LAST_BYTES = 4096

let root = ""
let template = ""
let db: Duckdb

before(async (t) => {
  root = temporaryFolder(t as Parameters<typeof temporaryFolder>[0])
  template = join(root, "template")
  const ledger = testLedger(template)
  await ledger.init({ disk: faultyDisk() })
  const open = await ledger.open({ disk: faultyDisk(), journal: { fileBytes: 4_000 } })
  for (let batch = 0; batch < BATCHES; batch++) {
    const body = (i: number) => eventBody({ id: `e-${batch}-${i}`, at: "2026-11-20T12:00:00.000000Z" })
    await open.journal.append(Array.from({ length: PER_BATCH }, (_, i) => testRecord(body(i))))
    await open.sealer.sealOnce()
  }
  await open.close()
  const tempDir = join(root, "spill")
  db = await openDuckdb({
    memoryBytesMax: 2 ** 29,
    threads: 1,
    tempDir,
    tempBytesMax: 2 ** 30,
    folders: [root],
  })
})

after(() => db.close())

function copied(name: string): TestLedger {
  const place = join(root, name)
  cpSync(join(template, "ledger"), join(place, "ledger"), { recursive: true })
  return testLedger(place)
}

/** Every record is in one segment. */
async function checkOnce(ledger: TestLedger, { catalogue }: Making): Promise<void> {
  let next = 0
  for (const { first, last } of catalogue.entries) {
    assert.equal(first, next, "no record is in two segments or in none")
    next = last + 1
  }
  assert.ok(next > BATCHES * PER_BATCH, "all that was sealed is in segments")
  const files = catalogue.entries.map(({ name }) => `'${segmentPath(ledger.dir, name)}'`)
  const rows = await db.query(
    `SELECT count(DISTINCT "auditID") FROM read_parquet([${files.join()}]) WHERE "auditID" IS NOT NULL`,
  )
  assert.equal(rows.single().integer(0), BATCHES * PER_BATCH)
}

/** What is in files is what was sealed: a whole ledger. */
async function checkVerified(ledger: TestLedger): Promise<void> {
  const { verdict } = await verifyLedger({
    dir: ledger.dir,
    keys: [formatVerifierKey(testSigner())],
    remembered: undefined,
    now: ledger.clock.now,
    readers: 1,
  })
  assert.deepEqual([verdict.answer, verdict.damages, verdict.doubts], ["fine", [], []])
}

async function run(name: string, fault?: Fault) {
  const ledger = copied(name)
  const disk = faultyDisk(fault)
  const making = await openMaking({ db, test: ledger, disk })
  await making.flush()
  const steps = [...disk.calls]
  if (fault?.dies !== true) {
    await making.flush() // what failed once is done by the next try
    await checkOnce(ledger, making)
  }
  await making.close()
  const again = await openMaking({ db, test: ledger, disk: faultyDisk() })
  await again.flush()
  assert.deepEqual(again.troubles, [])
  await checkOnce(ledger, again)
  await again.close()
  await checkVerified(ledger)
  rmSync(join(root, name), { recursive: true })
  return { disk, steps, troubles: making.troubles }
}

test("each step that makes a segment fails once, in every way: no record is lost, none is twice", async (t) => {
  const sound = await run("sound")
  assert.deepEqual(sound.troubles, [])
  const { steps } = sound
  let faults = 0
  for (const [at, step] of steps.entries()) {
    for (const fault of faultsOf(at, step)) {
      try {
        const { disk, troubles } = await run(`${at}`, fault)
        assert.ok(disk.failed, "the fault happened")
        assert.ok(troubles.length > 0, "and was told")
      } catch (error) {
        const how = `${fault.effect} ${fault.code} ${fault.dies ? "dies" : "goes on"}`
        throw new Error(`after ${step} ${at} ${how}`, { cause: error })
      }
      faults += 1
    }
  }
  t.diagnostic(`${faults} faults over ${steps.length} steps: ${steps.join(" ")}`)
})

function faultsOf(at: number, step: string): Fault[] {
  const effects: Effect[] = step === "write" ? ["lost", "stored", "half"] : ["lost", "stored"]
  return effects.flatMap((effect) => [
    { at, code: "EIO", effect, dies: true },
    { at, code: "ENOSPC", effect, dies: false },
  ])
}

test("a catalogue that takes no line costs no segment: it is made again by the next start", async () => {
  const ledger = copied("catalogue")
  const making = await openMaking({ db, test: ledger, disk: faultyDisk() })
  rmSync(cataloguePath(ledger.dir), { force: true })
  mkdirSync(cataloguePath(ledger.dir))
  await making.flush()
  assert.ok(making.troubles.length > 0)
  await making.flush()
  await checkOnce(ledger, making)
  await making.close()
  rmSync(cataloguePath(ledger.dir), { recursive: true })
  const again = await openMaking({ db, test: ledger, disk: faultyDisk() })
  await checkOnce(ledger, again)
  assert.deepEqual([again.troubles, again.leftovers], [[], []])
  await again.close()
  await checkVerified(ledger)
})

test("a segment cut or flipped at every byte of its last 4 KiB is told, and costs the engine nothing", async () => {
  const ledger = copied("bytes")
  const making = await openMaking({ db, test: ledger, disk: faultyDisk() })
  await making.flush()
  const { entries } = making.catalogue
  await making.close()
  const [entry] = entries
  assert.ok(entry)
  const path = segmentPath(ledger.dir, entry.name)
  const whole = readFileSync(path)
  assert.ok(whole.length > LAST_BYTES)
  const ask = (file: string) =>
    db.query(`SELECT count(*), bit_xor(hash("raw")), min("stage") FROM read_parquet('${file}')`)
  for (let cut = whole.length - LAST_BYTES; cut < whole.length; cut++) {
    truncateSync(path, cut)
    const { missing } = await openCatalogue({ db, dir: ledger.dir, made: entries, disk: undefined })
    assert.deepEqual(
      missing.map(({ name }) => name),
      [entry.name],
      `cut at ${cut}`,
    )
    writeFileSync(path, whole)
  }
  for (let at = whole.length - LAST_BYTES; at < whole.length; at++) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 0x20
    writeFileSync(path, flipped)
    await ask(path).catch((error: unknown) => {
      assert.ok(isRefusal(error) && error.code !== "store.broken", `flipped at ${at}: ${String(error)}`)
    })
    assert.notEqual(createHash("sha256").update(readFileSync(path)).digest("hex"), entry.sha256)
  }
  // Under a name of its own: footers are remembered by name and time, and all of this took one tick of the clock.
  const beside = join(root, "whole.parquet")
  writeFileSync(beside, whole)
  assert.equal(statSync(beside).size, entry.bytes)
  assert.equal((await ask(beside)).single().integer(0), entry.rows)
})
