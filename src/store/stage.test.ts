import assert from "node:assert/strict"
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { LINE_BYTES_MAX, type Staged, stageJournal } from "./stage.ts"

const records = placeRecords([
  { body: '{"a":1}' },
  { body: "" },
  { body: "a\tb", kind: "log" },
  { body: '{\n"auditID":"x"}' },
  { body: Buffer.of(0xff), words: [["quarantined", "utf8"]] },
  { body: "é" },
  { body: "last" },
])

const textOf = (staged: Staged) => staged.files.map((file) => readFileSync(file, "utf8")).join("")
const numbersOf = (staged: Staged) =>
  textOf(staged)
    .split("\n")
    .slice(0, -1)
    .map((line) => Number.parseInt(line, 10))

test("lines become head, raw, json, seed and hint; a body with no event in it has a dash", async (context) => {
  const dir = temporaryFolder(context)
  const end = await writeJournal(dir, records)
  const blocks = [
    { first: 1, count: 2, seed: new Uint8Array(16).fill(0xab), hints: Uint16Array.of(7, 65535) },
    { first: 3, count: 1, seed: new Uint8Array(16) },
  ]
  const staged = await stageJournal({ journalDir: dir, end, first: 0, blocks, path: join(dir, "t") })
  const columns = textOf(staged)
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").slice(1))
  assert.deepEqual(columns, [
    ['{"a":1}', "", "", ""],
    ["", "", "ab".repeat(16), "7"],
    ["YQli", "-", "ab".repeat(16), "65535"],
    ["ewoiYXVkaXRJRCI6IngifQ==", '{"auditID":"x"}', "00".repeat(16), ""],
    ["/w==", "-", "", ""],
    ["é", "", "", ""],
    ["last", "", "", ""],
  ])
  assert.equal(staged.records, 7)
  assert.equal(
    staged.rawBytes,
    columns.reduce((sum, [raw = ""]) => sum + Buffer.byteLength(raw), 0),
  )
  assert.deepEqual([staged.first, staged.next], [0, 7])
})

test("staging goes on where it ended, as the journal grows and changes files", async (context) => {
  const dir = temporaryFolder(context)
  const all = placeRecords(Array.from({ length: 40 }, (_, i) => ({ body: `body ${i}` })))
  const whole = await writeJournal(dir, all.slice(0, 20), 4)
  const small = await writeJournal(join(dir, "short"), all.slice(0, 8), 4)
  const path = join(dir, "t")
  const one = await stageJournal({
    journalDir: dir,
    end: { ...whole, bytes: small.bytes, next: 8 },
    first: 0,
    path,
  })
  assert.deepEqual(numbersOf(one), [0, 1, 2, 3, 4, 5, 6, 7])
  const next = await writeJournal(dir, all.slice(20), 4)
  const two = await stageJournal({ journalDir: dir, end: next, first: one.next, cursor: one.cursor, path })
  assert.deepEqual(
    numbersOf(two),
    Array.from({ length: 32 }, (_, i) => i + 8),
  )
  const three = await stageJournal({ journalDir: dir, end: next, first: two.next, cursor: two.cursor, path })
  assert.deepEqual([three.records, three.next], [0, 40])
})

test("what is left below an end is staged next, wherever that end lies in groups and files", async (context) => {
  const dir = temporaryFolder(context)
  const all = placeRecords(Array.from({ length: 36 }, (_, i) => ({ body: `body ${i}` })))
  await writeJournal(dir, all.slice(0, 12), 4)
  await writeJournal(dir, all.slice(12, 24), 4)
  const end = await writeJournal(dir, all.slice(24), 4)
  const path = join(dir, "t")
  for (let below = 1; below < 36; below++) {
    const one = await stageJournal({ journalDir: dir, end, first: 0, below, path })
    const numbers = numbersOf(one)
    const rest = await stageJournal({ journalDir: dir, end, first: one.next, cursor: one.cursor, path })
    assert.deepEqual(
      [...numbers, ...numbersOf(rest)],
      Array.from({ length: 36 }, (_, i) => i),
      `below ${below}`,
    )
  }
})

test("staging begins and ends within groups, and stops at its limits after a group", async (context) => {
  const dir = temporaryFolder(context)
  const end = await writeJournal(dir, placeRecords(Array.from({ length: 12 }, () => ({ body: "x" }))), 4)
  const stage = (more: object) =>
    stageJournal({ journalDir: dir, end, first: 0, path: join(dir, "t"), ...more })
  assert.deepEqual(numbersOf(await stage({ first: 5, below: 10 })), [5, 6, 7, 8, 9])
  const limited = await stage({ first: 1, limits: { recordsMax: 2 } })
  assert.deepEqual(numbersOf(limited), [1, 2, 3])
  assert.deepEqual(
    numbersOf(await stage({ first: limited.next, cursor: limited.cursor })),
    [4, 5, 6, 7, 8, 9, 10, 11],
  )
})

test("records that recovery copied to a later file count there", async (context) => {
  const dir = temporaryFolder(context)
  const old = placeRecords(Array.from({ length: 8 }, () => ({ body: "old" })))
  await writeJournal(dir, old, 2)
  const end = await writeJournal(dir, placeRecords([{ body: "new" }, { body: "new" }], 4), 2)
  const staged = await stageJournal({ journalDir: dir, end, first: 0, path: join(dir, "t") })
  assert.deepEqual(numbersOf(staged), [0, 1, 2, 3, 4, 5])
  assert.match(textOf(staged), /\n4 .*\tnew\t+\n5 .*\tnew\t+\n$/)
})

test("a damaged group is left out, also a torn one at the end of a file; what follows is taken", async (context) => {
  const dir = temporaryFolder(context)
  const end = await writeJournal(
    dir,
    placeRecords(Array.from({ length: 9 }, (_, i) => ({ body: `b${i}` }))),
    3,
  )
  const path = join(dir, end.file)
  const bytes = readFileSync(path)
  bytes[bytes.indexOf("\tb4") + 2] = 0x35
  writeFileSync(path, bytes.subarray(0, -4))
  const staged = await stageJournal({
    journalDir: dir,
    end: { ...end, bytes: bytes.length - 4 },
    first: 0,
    path: join(dir, "t"),
  })
  assert.deepEqual(numbersOf(staged), [0, 1, 2])
})

test("a group larger than a window, and lines too long for the reader", async (context) => {
  const dir = temporaryFolder(context)
  const long = `{"auditID":"x","stage":"s","requestObject":"${"y".repeat(3 * 2 ** 20)}","verb":"get"}`
  const end = await writeJournal(dir, placeRecords([{ body: "a" }, { body: long }, { body: "c" }]), 3)
  const staged = await stageJournal({ journalDir: dir, end, first: 0, path: join(dir, "t") })
  assert.deepEqual(numbersOf(staged), [0, 2])
  assert.equal(staged.records, 3)
  const [line] = staged.long
  assert.equal(readFileSync(line?.raw ?? "", "utf8"), long)
  assert.equal(readFileSync(line?.json ?? "", "utf8"), '{"auditID":"x","stage":"s","verb":"get"}')
})

test("whatever the sizes, lines stand one after another, in files that the reader takes", async (context) => {
  const dir = temporaryFolder(context)
  const sizes = [10, 2 ** 20 - 200, 2 ** 19, 10, ...Array.from({ length: 20 }, () => 2 ** 20 - 100), 10]
  const placed = placeRecords(sizes.map((size, i) => ({ body: String(i % 10).repeat(size) })))
  const end = await writeJournal(dir, placed)
  const staged = await stageJournal({ journalDir: dir, end, first: 0, path: join(dir, "t") })
  const bodies = textOf(staged)
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t")[1] ?? "")
  assert.deepEqual(
    bodies.map((body) => body.length),
    sizes,
  )
  assert.ok(bodies.every((body, i) => body === String(i % 10).repeat(body.length)))
  assert.ok(staged.files.length > 1)
  assert.ok(staged.files.every((file) => statSync(file).size <= 16 * 2 ** 20))
})

test("on a full disk nothing that was staged stays behind, and it is said that there is no room", {
  skip: process.platform !== "linux" && "/dev/full is Linux's",
}, async (context) => {
  const dir = temporaryFolder(context)
  const long = { body: `{"a":"${"x".repeat(LINE_BYTES_MAX)}"}` }
  const end = await writeJournal(dir, placeRecords([{ body: "{}" }, long, long]))
  symlinkSync("/dev/full", join(dir, "t.1.raw"))
  const staging = stageJournal({ journalDir: dir, end, first: 0, path: join(dir, "t") })
  await assert.rejects(staging, { code: "store.full" })
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.startsWith("t.")),
    [],
  )
})
