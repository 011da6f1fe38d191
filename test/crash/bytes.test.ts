import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Refusal } from "../../src/base/refusal.ts"
import { RESERVED } from "../../src/event/record.ts"
import { openJournal } from "../../src/journal/journal.ts"
import { scanJournal } from "../../src/journal/line.ts"
import { testLedger, testRecord } from "../support/ledger.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { faultyDisk } from "./faulty-disk.ts"

const LAST_BYTES = 4096
const ALL = { recordsMax: 1e6, bytesMax: 1e9 }
const NAME = "0000000000000000.journal"

async function open(root: string) {
  const troubles: Refusal[] = []
  mkdirSync(join(root, "journal"), { recursive: true })
  mkdirSync(join(root, "tmp"), { recursive: true })
  const disk = faultyDisk()
  const journal = await openJournal({
    place: { dir: join(root, "journal"), tmp: join(root, "tmp"), damaged: join(root, "damaged"), disk },
    sealed: { records: 0, segmented: 0 },
    clock: () => 1e15,
    steady: () => 0,
    onTrouble: (trouble) => troubles.push(trouble),
    onFatal: (error) => assert.fail(String(error)),
  })
  return { journal, troubles }
}

/** Opens a journal of these bytes; what it holds, what it says, and that it takes more. */
async function recovered(root: string, bytes: Uint8Array) {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, "journal"), { recursive: true })
  writeFileSync(join(root, "journal", NAME), bytes)
  const { journal, troubles } = await open(root)
  await journal.append([testRecord("more")])
  const records = await journal.read(0, ALL)
  await journal.close()
  const bodies = records
    .filter(({ kind }) => kind !== RESERVED)
    .map(({ body }) => Buffer.from(body).toString("latin1"))
  assert.equal(bodies.pop(), "more")
  assert.deepEqual(
    records.map(({ number }) => number),
    records.map((_, at) => at),
  )
  return { bodies, codes: troubles.map(({ code }) => code) }
}

/** Groups of one to three records, text and base64, and the bodies of each. */
async function makeJournal(root: string) {
  const { journal } = await open(root)
  const groups: string[][] = []
  for (let at = 0; at < 40; at++) {
    const bodies = Array.from(
      { length: 1 + (at % 3) },
      (_, i) => `${at}.${i} ${(at % 5 === 0 ? "\0" : "x").repeat(at)}`,
    )
    await journal.append(bodies.map((body) => testRecord(body)))
    groups.push(bodies)
  }
  await journal.close()
  const bytes = readFileSync(join(root, "journal", NAME))
  const ends = [...scanJournal(bytes)].map(({ end }) => end)
  assert.ok(bytes.length > LAST_BYTES)
  assert.equal(ends.length, groups.length)
  return { bytes, ends, groups }
}

test("a journal cut at every byte of its last 4 KiB keeps every group before the cut", async (t) => {
  const root = temporaryFolder(t)
  const { bytes, ends, groups } = await makeJournal(join(root, "made"))
  for (let cut = bytes.length - LAST_BYTES; cut <= bytes.length; cut++) {
    const { bodies, codes } = await recovered(join(root, "cut"), bytes.subarray(0, cut))
    assert.deepEqual(bodies, groups.filter((_, at) => (ends[at] ?? 0) <= cut).flat(), `cut at ${cut}`)
    assert.deepEqual(codes, [])
  }
})

test("a journal with any byte of its last 4 KiB flipped loses that group alone, and says so", async (t) => {
  const root = temporaryFolder(t)
  const { bytes, ends, groups } = await makeJournal(join(root, "made"))
  for (let at = bytes.length - LAST_BYTES; at < bytes.length; at++) {
    const broken = Buffer.from(bytes)
    broken[at] = (broken[at] ?? 0) ^ (1 << (at % 8))
    const hit = ends.findIndex((end) => at < end)
    const { bodies, codes } = await recovered(join(root, "flip"), broken)
    assert.deepEqual(bodies, groups.filter((_, group) => group !== hit).flat(), `byte ${at} of group ${hit}`)
    // Behind the last valid commit nobody can tell damage from what was being written.
    assert.deepEqual(
      codes,
      hit === groups.length - 1 ? [] : ["journal.damaged"],
      `byte ${at} of group ${hit}`,
    )
  }
})

test("log/tail cut at every byte: the log goes on where it can, and stands still where it cannot", async (t) => {
  const { ledger, tail } = await sealedLedger(t)
  const path = join(ledger.dir, "log/tail")
  const checkpoint = readFileSync(join(ledger.dir, "log/checkpoint"))
  for (let cut = 0; cut <= tail.length; cut++) {
    writeFileSync(path, tail.subarray(0, cut))
    const open = await ledger.open({ disk: faultyDisk() })
    await open.journal.append([testRecord("{}")])
    if (cut === tail.length) {
      assert.equal(open.sealer.trouble, undefined)
    } else {
      assert.equal(open.sealer.trouble?.code, "ledger.damaged")
      assert.deepEqual(await open.sealer.sealOnce(), [])
      assert.deepEqual(readFileSync(path), tail.subarray(0, cut), "what cannot go on is left alone")
    }
    await open.close()
    if (cut < tail.length) assert.deepEqual(readFileSync(join(ledger.dir, "log/checkpoint")), checkpoint)
  }
})

test("a block that was decided and not committed is used again; cut, it never was", async (t) => {
  const { ledger, tail, checkpoint } = await sealedLedger(t)
  const last = tail.subarray(0, -1).lastIndexOf("\n") + 1
  const path = join(ledger.dir, "log/tail")
  const journal = readdirSync(join(ledger.dir, "journal")).map((name) => {
    return [join(ledger.dir, "journal", name), readFileSync(join(ledger.dir, "journal", name))] as const
  })
  for (let cut = last; cut <= tail.length; cut++) {
    writeFileSync(join(ledger.dir, "log/checkpoint"), checkpoint)
    writeFileSync(path, tail.subarray(0, cut))
    rmSync(join(ledger.dir, "journal"), { recursive: true })
    mkdirSync(join(ledger.dir, "journal"))
    for (const [name, bytes] of journal) writeFileSync(name, bytes)
    const open = await ledger.open({ disk: faultyDisk() })
    const [first] = await open.sealer.sealOnce()
    assert.equal(open.sealer.trouble, undefined)
    const line = Buffer.from(first?.text ?? "").toString("base64")
    assert.equal(tail.toString().includes(line), cut === tail.length, `cut at ${cut} of ${tail.length}`)
    await open.close()
  }
})

/** A ledger of a few blocks: its tail, and its checkpoint before the last of them. */
async function sealedLedger(t: TestContext) {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  let checkpoint = ""
  for (let at = 0; at < 3; at++) {
    checkpoint = open.sealer.sealed.checkpoint
    await open.journal.append([testRecord(`${at}`)])
    await open.sealer.sealOnce()
  }
  await open.close()
  return { ledger, tail: readFileSync(join(ledger.dir, "log/tail")), checkpoint }
}
