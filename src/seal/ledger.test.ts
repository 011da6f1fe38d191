import assert from "node:assert/strict"
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { checkLedger } from "../../test/support/check-ledger.ts"
import { ORIGIN, testLedger, testRecord, testSigner } from "../../test/support/ledger.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import { openCheckpoint } from "../tlog/checkpoint.ts"
import { parseControl } from "./control.ts"
import { parseTail } from "./tail.ts"

const text = (body: Uint8Array) => Buffer.from(body).toString()

test("a new ledger says in record 0 what it is, sealed and signed", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const { checkpoint, records } = checkLedger(ledger.dir, testSigner())
  assert.equal(checkpoint.size, 1)
  const created = parseControl(records[0]!.body)
  assert.ok(created.kind === "ledger.created" && created.value.origin === ORIGIN)
})

test("what is appended is sealed, and a restart continues the same log", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  let older = checkLedger(ledger.dir, testSigner()).checkpoint
  for (let round = 0; round < 4; round++) {
    const open = await ledger.open()
    for (let at = 0; at < 3; at++) {
      await open.journal.append([
        testRecord(`{"round":${round},"at":${at}}`),
        testRecord(Buffer.of(at), "b/c"),
      ])
      const blocks = await open.sealer.sealOnce()
      assert.equal(blocks.at(-1)!.first + blocks.at(-1)!.count, open.journal.next)
    }
    await open.close()
    const checked = checkLedger(ledger.dir, testSigner(), older)
    assert.equal(checked.records.length, open.journal.next)
    older = checked.checkpoint
  }
  assert.deepEqual(ledger.troubles, [])
})

test("a block closes at its limits, and a larger record is a block alone", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open({ seal: { recordsMax: 3, bytesMax: 100 } })
  await open.heartbeat()
  await open.sealer.sealOnce()
  const sizes = [40, 40, 40, 500, 10, 10, 10, 10]
  await open.journal.append(sizes.map((size) => testRecord("x".repeat(size))))
  const blocks = await open.sealer.sealOnce()
  assert.deepEqual(
    blocks.map(({ count }) => count),
    [2, 1, 1, 3, 1],
  )
  await open.close()
  checkLedger(ledger.dir, testSigner())
})

for (const [when, to] of [
  ["past the years that a record can tell", Date.UTC(2300, 0, 1) * 1000],
  ["before 1970", -5_000_000],
] as const) {
  test(`a clock that jumps ${when}, and back: what is acknowledged is read again, sealed, and gone on with`, async (t) => {
    const ledger = testLedger(temporaryFolder(t))
    await ledger.init()
    const { now } = ledger.clock
    for (const set of [to, now, to]) {
      ledger.clock.now = set
      const open = await ledger.open()
      await open.journal.append([testRecord(`{"at":${set}}`)])
      await open.sealer.sealOnce()
      await open.journal.append([testRecord(`{"unsealed":${set}}`)])
      await open.close()
    }
    const { records } = checkLedger(ledger.dir, testSigner())
    assert.equal(records.filter(({ source }) => source !== "tallystick").length, 6)
    assert.deepEqual([ledger.troubles, ledger.fatals], [[], []])
  })
}

test("nothing to seal makes no block", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  await open.sealer.sealOnce()
  assert.deepEqual(await open.sealer.sealOnce(), [])
  await open.close()
})

test("full tiles become files, the tail forgets their blocks and keeps their seeds until a segment has them", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  let open = await ledger.open({ seal: { recordsMax: 1 } })
  await open.journal.append(Array.from({ length: 600 }, (_, at) => testRecord(`${at}`)))
  await open.sealer.sealOnce()
  assert.equal(open.sealer.unsegmented().length, open.sealer.sealed.blocks)
  await open.close()
  assert.deepEqual(readdirSync(join(ledger.dir, "log/tile/0")), ["000", "001"])
  const checked = checkLedger(ledger.dir, testSigner())
  open = await ledger.open()
  assert.equal(open.sealer.unsegmented().length, open.sealer.sealed.blocks)
  assert.deepEqual(
    open.sealer.unsegmented().map(({ text }) => text.split("\n")[2]),
    checked.blocks.map(({ number }) => `${number}`),
  )
  await open.sealer.segmented(300)
  assert.equal(open.sealer.unsegmented()[0]!.first, 300)
  const tail = parseTail(readFileSync(join(ledger.dir, "log/tail")))
  assert.equal(tail.seeds[0]!.number, 300)
  await open.sealer.segmented(580)
  assert.deepEqual(parseTail(readFileSync(join(ledger.dir, "log/tail"))).seeds, [])
  await open.close()
  open = await ledger.open()
  assert.equal(open.sealer.unsegmented()[0]!.first, 580, "a restart knows it too")
  await open.close()
})

test("tiles are served up to the committed size and never beyond", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open({ seal: { recordsMax: 1 } })
  await open.journal.append(Array.from({ length: 300 }, (_, at) => testRecord(`${at}`)))
  await open.sealer.sealOnce()
  const { blocks } = open.sealer.sealed
  const width = blocks - 256
  const rows: [path: string, bytes: number | undefined][] = [
    ["tile/0/000", 8192],
    ["tile/0/000.p/7", 7 * 32],
    [`tile/0/001.p/${width}`, width * 32],
    ["tile/0/001.p/1", 32],
    [`tile/0/001.p/${width + 1}`, undefined],
    ["tile/0/001", undefined],
    ["tile/1/000.p/1", 32],
    ["tile/1/000", undefined],
    ["tile/0/002.p/1", undefined],
    ["tile/2/000.p/1", undefined],
  ]
  for (const [path, bytes] of rows) assert.equal((await open.sealer.readTile(path))?.length, bytes, path)
  for (const [path, entries] of [
    ["tile/entries/000", 256],
    ["tile/entries/000.p/3", 3],
    ["tile/entries/001.p/2", 2],
  ] as const) {
    assert.equal(decodeBundle((await open.sealer.readTile(path))!, entries).length, entries)
  }
  await assert.rejects(open.sealer.readTile("tile/0/1"), { code: "tile.malformed" })
  await open.close()
})

test("one process holds a ledger", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  await assert.rejects(ledger.open(), { code: "ledger.locked" })
  await open.close()
  await (await ledger.open()).close()
})

test("a sealer that finds log/tail not as it left it stops, and intake goes on", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  appendFileSync(join(ledger.dir, "log/tail"), "x")
  await open.journal.append([testRecord("{}")])
  assert.deepEqual(await open.sealer.sealOnce(), [])
  assert.equal(open.sealer.trouble?.code, "ledger.touched")
  assert.equal((await open.journal.append([testRecord("{}")])).count, 1)
  await open.close()
})

test("a tile that is there with other bytes stops the log", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open({ seal: { recordsMax: 1 } })
  cpSync(join(ledger.dir, "log/tail"), join(ledger.dir, "log/tile/0/000"), { recursive: true })
  await open.journal.append(Array.from({ length: 300 }, (_, at) => testRecord(`${at}`)))
  await open.sealer.sealOnce()
  assert.equal(open.sealer.trouble?.code, "ledger.damaged")
  assert.equal(open.sealer.sealed.blocks, 255)
  await open.close()
})

test("an older copy of itself journals and answers, and seals nothing", async (t) => {
  const root = temporaryFolder(t)
  const ledger = testLedger(root)
  const { remembered } = ledger
  await ledger.init({ remembered })
  cpSync(ledger.dir, join(root, "copy"), { recursive: true })
  const first = await ledger.open({ remembered })
  await first.journal.append([testRecord("{}")])
  await first.close()
  rmSync(ledger.dir, { recursive: true })
  cpSync(join(root, "copy"), ledger.dir, { recursive: true })
  const second = await ledger.open({ remembered })
  assert.equal(second.sealer.trouble?.code, "ledger.shrunk")
  assert.deepEqual(
    ledger.troubles.map(({ code }) => code),
    ["ledger.shrunk"],
  )
  assert.equal((await second.journal.append([testRecord("{}")])).count, 1)
  assert.deepEqual(await second.sealer.sealOnce(), [])
  assert.ok(second.sealer.sealed.checkpoint.startsWith(ORIGIN), "what it has is still served")
  await second.close()
  const third = await ledger.open({ remembered })
  assert.equal(third.sealer.trouble?.code, "ledger.shrunk")
  const kept = await third.journal.read(0, { recordsMax: 100, bytesMax: 1e6 })
  assert.ok(
    kept.some(({ body }) => text(body) === "{}"),
    "what was journalled meanwhile is still there",
  )
  await third.close()
})

test("another log under the same name is known as such", async (t) => {
  const root = temporaryFolder(t)
  const ledger = testLedger(root)
  const { remembered } = ledger
  await ledger.init()
  const open = await ledger.open({ remembered })
  await open.journal.append([testRecord("one")])
  await open.close()
  rmSync(ledger.dir, { recursive: true })
  ledger.clock.now += 1_000_000
  await ledger.init()
  const other = await ledger.open()
  for (let at = 0; at < 5; at++) {
    await other.journal.append([testRecord("two")])
    await other.sealer.sealOnce()
  }
  await other.close()
  const forked = await ledger.open({ remembered })
  assert.equal(forked.sealer.trouble?.code, "ledger.forked")
  await forked.close()
})

test("a ledger is never made over another, over parts of one, or again under its name", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  const { remembered } = ledger
  await assert.rejects(ledger.open(), { code: "ledger.missing" })
  await ledger.init({ remembered })
  await assert.rejects(ledger.init(), { code: "ledger.exists" })
  const open = await ledger.open({ remembered })
  await open.close()
  rmSync(join(ledger.dir, "log/checkpoint"))
  await assert.rejects(ledger.init(), { code: "ledger.damaged" })
  await assert.rejects(ledger.open(), { code: "ledger.missing" })
  rmSync(ledger.dir, { recursive: true })
  await assert.rejects(ledger.init({ remembered }), { code: "ledger.shrunk" })
})

test("init that was interrupted anywhere can be run again", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  writeFileSync(join(ledger.dir, "initialising"), "")
  await ledger.init() // the checkpoint was there: only the mark had to go
  assert.ok(!existsSync(join(ledger.dir, "initialising")))
  writeFileSync(join(ledger.dir, "initialising"), "")
  rmSync(join(ledger.dir, "log/checkpoint"))
  await ledger.init()
  checkLedger(ledger.dir, testSigner())
})

test("a key is changed by a record that both sign, and the old one opens the log no more", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  await open.journal.append([testRecord("before")])
  await open.sealer.rotateKey(testSigner(2))
  await open.journal.append([testRecord("after")])
  await open.close()
  const { records, blocks } = checkLedger(ledger.dir, testSigner(2))
  const rotation = records.find(({ body }) => text(body).includes('"key.rotated"'))
  const lastSize = Number(/\\n(\d+)\\n\\n/.exec(text(rotation!.body))![1])
  const holder = blocks.find(
    ({ first, count }) => first <= rotation!.number && rotation!.number < first + count,
  )
  assert.equal(holder!.number, lastSize, "the block with the record is the first under the new key")
  await assert.rejects(ledger.open(), { code: "key.unknown" })
  await (await ledger.open({ signer: testSigner(2) })).close()
})

test("a change of keys that a crash left unsealed is completed by the new key alone", async (t) => {
  const root = temporaryFolder(t)
  const ledger = testLedger(root)
  await ledger.init()
  const open = await ledger.open()
  await open.sealer.sealOnce()
  // As a crash between the two sealings leaves it: journalled, not sealed.
  cpSync(join(ledger.dir, "log"), join(root, "log"), { recursive: true })
  await open.sealer.rotateKey(testSigner(2))
  await open.close()
  rmSync(join(ledger.dir, "log"), { recursive: true })
  cpSync(join(root, "log"), join(ledger.dir, "log"), { recursive: true })
  await assert.rejects(ledger.open(), { code: "key.unknown" })
  await assert.rejects(ledger.open({ signer: testSigner(3) }), { code: "key.unknown" })
  const again = await ledger.open({ signer: testSigner(2) })
  await again.sealer.sealOnce()
  await again.close()
  checkLedger(ledger.dir, testSigner(2))
})

test("a key of another ledger is not this one's, also when that one is remembered", async (t) => {
  const root = temporaryFolder(t)
  const ledger = testLedger(join(root, "this"))
  await ledger.init()
  const signer = testSigner(1, "another.example.com")
  await assert.rejects(ledger.open({ signer }), { code: "key.unknown" })

  const other = testLedger(join(root, "other"))
  await other.init({ signer })
  const open = await other.open({ signer, remembered: ledger.remembered })
  await open.journal.append([testRecord("x")])
  await open.close()
  await assert.rejects(ledger.open({ signer, remembered: ledger.remembered }), {
    code: "key.unknown",
    message: /is that of the ledger another\.example\.com, and this is the ledger/,
  })
})

test("a heartbeat counts every source, and is sealed like any record", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  await open.journal.append([testRecord("x", "b"), testRecord("x", "a"), testRecord("x", "b")])
  await open.heartbeat()
  await open.close()
  const last = parseControl(checkLedger(ledger.dir, testSigner()).records.at(-1)!.body)
  assert.ok(last.kind === "heartbeat")
  assert.deepEqual(last.value.next, [
    ["a", 1],
    ["b", 2],
    ["tallystick", 2],
  ])
  assert.ok(existsSync(join(ledger.dir, "reserve")), "room for closing is kept")
})

test("the checkpoint is a plain signed note of the origin", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const open = await ledger.open()
  const { checkpoint } = openCheckpoint(open.sealer.sealed.checkpoint, [testSigner()])
  assert.deepEqual([checkpoint.origin, checkpoint.size], [ORIGIN, 1])
  assert.equal(readFileSync(join(ledger.dir, "log/checkpoint"), "utf8"), open.sealer.sealed.checkpoint)
  await open.close()
})
