import assert from "node:assert/strict"
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { editJournalLine } from "../../test/support/attacks.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import type { Refusal } from "../base/refusal.ts"
import { type NewRecord, type PlacedRecord, RESERVED } from "../event/record.ts"
import { type Disk, realDisk } from "./disk.ts"
import { journalName } from "./files.ts"
import { type Journal, type JournalOptions, openJournal } from "./journal.ts"

const SOURCE = "prod-1/apiserver-0"
const ALL = { recordsMax: 100_000, bytesMax: 1e9 }
const START = Date.UTC(2026, 0, 2) * 1000

function record(body: string | Uint8Array, source = SOURCE): NewRecord {
  return { source, kind: "k8s.audit", words: [], body: typeof body === "string" ? Buffer.from(body) : body }
}

type Opened = { journal: Journal; dir: string; clock: { now: number; steady: number }; troubles: Refusal[] }

async function open(context: TestContext | string, options: Partial<JournalOptions> = {}): Promise<Opened> {
  const root = typeof context === "string" ? context : temporaryFolder(context)
  const dir = join(root, "journal")
  mkdirSync(dir, { recursive: true })
  mkdirSync(join(root, "tmp"), { recursive: true })
  const clock = { now: START, steady: 0 }
  const troubles: Refusal[] = []
  const journal = await openJournal({
    place: { dir, tmp: join(root, "tmp"), damaged: join(root, "damaged"), disk: realDisk },
    sealed: { records: 0, segmented: 0 },
    clock: () => clock.now,
    steady: () => clock.steady,
    onTrouble: (trouble) => troubles.push(trouble),
    onFatal: (error) => assert.fail(String(error)),
    ...options,
  })
  return { journal, dir: root, clock, troubles }
}

async function all(journal: Journal): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  while (true) {
    const more = await journal.read(records.length, ALL)
    if (more.length === 0) return records
    records.push(...more)
  }
}

/** The same where some are missing: each read begins behind the last record of the one before. */
async function everything(journal: Journal): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  for (;;) {
    const more = await journal.read((records.at(-1)?.number ?? -1) + 1, ALL)
    if (more.length === 0) return records
    records.push(...more)
  }
}

const own = (records: readonly PlacedRecord[]) => records.filter(({ kind }) => kind !== RESERVED)
const texts = (records: readonly PlacedRecord[]) =>
  own(records).map(({ body }) => Buffer.from(body).toString())

test("what is appended is read back, from memory and after a restart from the files", async (t) => {
  const bodies = ["{}", "", "ü€😀", '{"a":"\\n"}', "x".repeat(5000)]
  const { journal, dir } = await open(t)
  for (const body of bodies) await journal.append([record(body)])
  assert.deepEqual(texts(await all(journal)), bodies)
  await journal.close()
  const again = await open(dir)
  assert.deepEqual(texts(await all(again.journal)), bodies)
  await again.journal.close()
})

test("bytes that cannot stand on a line are kept exactly, in the same group as text", async (t) => {
  const bodies = [
    Buffer.of(0xff, 0xfe),
    Buffer.from("a\nb"),
    Buffer.from("plain"),
    Buffer.from("tab\there"),
    Buffer.of(0),
  ]
  const { journal, dir } = await open(t)
  await journal.append(bodies.map((body) => record(body)))
  await journal.close()
  const again = await open(dir)
  assert.deepEqual(
    own(await all(again.journal)).map(({ body }) => Buffer.from(body)),
    bodies,
  )
  await again.journal.close()
})

test("numbers have no gap: in the ledger, and per source", async (t) => {
  const { journal, dir } = await open(t)
  const delivered = await Promise.all([
    journal.append([record("a0", "a"), record("b0", "b"), record("a1", "a")]),
    journal.append([record("b1", "b")]),
  ])
  await journal.close()
  assert.deepEqual(
    delivered.map(({ count }) => count),
    [3, 1],
  )
  assert.equal(delivered[1]?.first, (delivered[0]?.first ?? 0) + 3)
  const again = await open(dir)
  await again.journal.append([record("a2", "a")])
  const records = await all(again.journal)
  assert.deepEqual(
    records.map(({ number }) => number),
    records.map((_, at) => at),
  )
  for (const source of ["a", "b", RESERVED]) {
    const counted = records.filter((one) => one.source === source)
    assert.deepEqual(
      counted.map(({ n }) => n),
      counted.map((_, at) => at),
    )
  }
  await again.journal.close()
})

test("requests that come while the disk is busy share one group", async (t) => {
  const groups: number[] = []
  const { journal } = await open(t, { onSync: (_, records) => groups.push(records) })
  await Promise.all(Array.from({ length: 50 }, (_, at) => journal.append([record(`${at}`)])))
  assert.deepEqual(groups, [50])
  await journal.close()
})

test("a file begins with the counts, so that the files before it may go", async (t) => {
  const { journal, dir } = await open(t, { limits: { fileBytes: 1000 } })
  for (let at = 0; at < 20; at++) await journal.append([record("x".repeat(200), at % 2 === 0 ? "a" : "b")])
  const files = readdirSync(join(dir, "journal"))
  assert.ok(files.length > 3)
  await journal.forget(journal.next)
  assert.equal(readdirSync(join(dir, "journal")).length, 1, "the newest file stays")
  const { next } = journal
  await journal.close()
  const again = await open(dir, { sealed: { records: next, segmented: next } })
  assert.deepEqual(again.troubles, [])
  await again.journal.append([record("more", "a"), record("more", "b")])
  const [a, b] = own(await again.journal.read(next, ALL))
  assert.deepEqual([a?.n, b?.n], [10, 10])
  await again.journal.close()
})

test("reading obeys its limits and always makes progress", async (t) => {
  const { journal, dir } = await open(t)
  await journal.append(Array.from({ length: 10 }, (_, at) => record(`${at}`.repeat(100))))
  const readers = [journal]
  await journal.close()
  const again = await open(dir, { limits: { recentBytesMax: 0 } })
  readers.push(again.journal)
  for (const reader of readers) {
    assert.equal((await reader.read(1, { recordsMax: 3, bytesMax: 1e9 })).length, 3)
    assert.equal((await reader.read(2, { recordsMax: 100, bytesMax: 250 })).length, 2)
    assert.equal((await reader.read(3, { recordsMax: 100, bytesMax: 1 })).length, 1)
    assert.equal((await reader.read(9999, ALL)).length, 0)
  }
  await again.journal.close()
})

test("a small step back of the clock is clamped, larger jumps are told right before they show", async (t) => {
  const { journal, clock } = await open(t)
  const move = async (wall: number, steady: number) => {
    clock.now += wall
    clock.steady += steady
    await journal.append([record("x")])
  }
  await move(0, 0)
  await move(-1_500_000, 10)
  await move(-3_600_000_000, 10)
  await move(7_200_000_000, 10)
  await move(50_000_000, 50_000_000)
  const shown = (await all(journal)).map(({ kind, receivedAt, body }) =>
    kind === RESERVED ? Buffer.from(body).toString().slice(9, 14) : receivedAt - START,
  )
  const back = -1_500_000 - 3_600_000_000
  assert.deepEqual(shown, [0, 0, "clock", back, "clock", back + 7_200_000_000, back + 7_250_000_000])
  await journal.close()
})

test("a nearly full disk takes the ledger's own records only, and heals by itself", async (t) => {
  let used = 0.96
  const disk: Disk = { ...realDisk, usedShare: () => used }
  const root = temporaryFolder(t)
  const place = { dir: join(root, "journal"), tmp: join(root, "tmp"), damaged: join(root, "damaged"), disk }
  const { journal } = await open(root, { place })
  await assert.rejects(journal.append([record("x")]), { code: "journal.unavailable" })
  assert.deepEqual(await journal.heartbeat(), { first: 0, count: 1 })
  used = 0.94
  assert.deepEqual(await journal.append([record("x")]), { first: 1, count: 1 })
  await journal.close()
})

test("what is over the budget is refused, a request alone is not", async (t) => {
  const { journal } = await open(t, { limits: { queueBytesMax: 1000 } })
  const first = journal.append([record("x".repeat(5000))])
  await assert.rejects(journal.append([record("y")]), { code: "journal.unavailable" })
  assert.equal((await first).count, 1)
  await journal.close()
})

test("a ledger counts only so many sources", async (t) => {
  const { journal } = await open(t, { limits: { sourcesMax: 2 } })
  await journal.append([record("x", "a"), record("x", "b")])
  await assert.rejects(journal.append([record("x", "c")]), { code: "source.tooMany" })
  await journal.append([record("x", "b")])
  await journal.close()
})

test("one cluster takes no place of another's sources, also after a restart", async (t) => {
  const limits = { clusterSourcesMax: 2 }
  const { journal, dir } = await open(t, { limits })
  await journal.append([record("x", "a/1"), record("x", "a/2")])
  await assert.rejects(journal.append([record("x", "a/3")]), { code: "source.tooMany", message: /cluster a/ })
  await journal.append([record("x", "b/1"), record("x", "a/1")])
  await journal.close()
  const again = await open(dir, { limits })
  await assert.rejects(again.journal.append([record("x", "a/3")]), { code: "source.tooMany" })
  await again.journal.append([record("x", "b/2")])
  await again.journal.close()
})

test("what waits for the disk is told in bytes", async (t) => {
  const { journal } = await open(t)
  assert.equal(journal.waitingBytes, 0)
  const first = journal.append([record("a")])
  const second = journal.append([record("y".repeat(3000))])
  assert.ok(journal.waitingBytes >= 3000)
  await Promise.all([first, second])
  assert.equal(journal.waitingBytes, 0)
  await journal.close()
})

test("closing drains: what was taken is on disk, what comes later is refused", async (t) => {
  const { journal, dir } = await open(t)
  const taken = Promise.all(["a", "b", "c"].map((body) => journal.append([record(body)])))
  const closed = journal.close()
  await assert.rejects(journal.append([record("late")]), { code: "journal.unavailable" })
  await taken
  await closed
  const again = await open(dir)
  assert.deepEqual(texts(await all(again.journal)), ["a", "b", "c"])
  await again.journal.close()
})

test("no source can speak for the ledger", async (t) => {
  const { journal } = await open(t)
  assert.throws(() => journal.append([record("{}", RESERVED)]), { name: "Bug" })
  await journal.close()
})

test("the unsealed rest is copied to a new file before anything of it is sealed; sealed groups stay", async (t) => {
  const { journal, dir } = await open(t)
  for (let at = 0; at < 10; at++) await journal.append([record(`${at}`)])
  await journal.close()
  const [before] = readdirSync(join(dir, "journal"))
  const again = await open(dir, { sealed: { records: 5, segmented: 0 } })
  assert.deepEqual(readdirSync(join(dir, "journal")), [before, "0000000000000005.journal"])
  assert.deepEqual(texts(await all(again.journal)), [..."0123456789"])
  assert.deepEqual(again.troubles, [])
  await again.journal.close()
})

test("damage before a valid commit is told and kept aside, and nothing else is lost", async (t) => {
  const { journal, dir } = await open(t)
  for (let at = 0; at < 10; at++) await journal.append([record(`body-${at}`, at % 2 === 0 ? "a" : "b")])
  await journal.close()
  const [name = ""] = readdirSync(join(dir, "journal"))
  const path = join(dir, "journal", name)
  writeFileSync(path, readFileSync(path, "latin1").replace("body-4", "BODY-4"), "latin1")
  const again = await open(dir)
  assert.deepEqual(
    again.troubles.map(({ code }) => code),
    ["journal.damaged"],
  )
  const records = await all(again.journal)
  assert.deepEqual(
    texts(records),
    [0, 1, 2, 3, 5, 6, 7, 8, 9].map((at) => `body-${at}`),
  )
  assert.deepEqual(
    records.map(({ number }) => number),
    records.map((_, at) => at),
  )
  const told = records
    .map(({ body }) => Buffer.from(body).toString())
    .filter((body) => body.includes('"loss"'))
  assert.equal(told.length, 1)
  assert.match(told[0] ?? "", /"why":"journal.damaged","first":4,"count":1,.*"gaps":\[\["a",2,3\]\]/)
  const kept = readdirSync(join(dir, "damaged"))
  assert.match(readFileSync(join(dir, "damaged", kept[0] ?? ""), "latin1"), /BODY-4/)
  await again.journal.close()
  const third = await open(dir)
  assert.deepEqual(third.troubles, [], "it is told once")
  await third.journal.close()
})

/** Three groups of three records; which of the nine bodies cannot be read any more, CRCs repaired. */
const unreadable: [why: string, bodies: number[]][] = [
  ["the first line of the journal", [0]],
  ["the first line of a group", [3]],
  ["in the middle of a group", [4]],
  ["the last line of a group", [5]],
  ["the last line of the journal, which says when it was written", [8]],
  ["two of one group", [3, 5]],
  ["all of a group", [3, 4, 5]],
  ["one in each", [1, 5, 6]],
]
for (const [why, lost] of unreadable) {
  for (const sealed of [0, 9]) {
    test(`a line that cannot be read costs itself alone: ${why}, ${sealed} sealed`, async (t) => {
      const { journal, dir } = await open(t)
      const bodies = Array.from({ length: 9 }, (_, at) => `body-${at}`)
      for (let at = 0; at < 9; at += 3) {
        await journal.append(
          bodies.slice(at, at + 3).map((body, i) => record(body, (at + i) % 2 ? "a" : "b")),
        )
      }
      await journal.close()
      for (const at of lost) {
        editJournalLine(
          dir,
          (line) => line.includes(`body-${at}`),
          (line) => line.replace(" k8s.audit ", " K8S.AUDIT "),
        )
      }
      const options = { sealed: { records: sealed, segmented: 0 }, limits: { recentBytesMax: 0 } }
      const again = await open(dir, options)
      assert.deepEqual(new Set(again.troubles.map(({ code }) => code)), new Set(["journal.damaged"]))
      const told = again.troubles.flatMap(({ facts }) =>
        Array.from({ length: Number(facts.count) }, (_, i) => Number(facts.first) + i),
      )
      assert.deepEqual(told, lost)
      await again.journal.append([record("more-a", "a"), record("more-b", "b")])
      const left = bodies.filter((_, at) => !lost.includes(at))
      assert.deepEqual(texts(await everything(again.journal)), [...left, "more-a", "more-b"])
      const kept = readdirSync(join(dir, "damaged")).map((name) =>
        readFileSync(join(dir, "damaged", name), "latin1"),
      )
      for (const at of lost) assert.ok(kept.some((text) => text.includes(`K8S.AUDIT text\tbody-${at}\n`)))
      const numbers = (await everything(again.journal)).map(({ number }) => number)
      const expected = numbers.map((_, i) => i)
      const given = sealed === 0 ? expected : [...expected, ...lost.map((_, i) => numbers.length + i)]
      assert.deepEqual(numbers, sealed === 0 ? given : given.filter((number) => !lost.includes(number)))
      // No number of a sealed record is given again, to whichever source it belonged.
      const [a, b] = (await everything(again.journal)).slice(-2)
      if (sealed > 0) assert.ok((a?.n ?? 0) >= 4 && (b?.n ?? 0) >= 5)
      await again.journal.close()

      const third = await open(dir, options)
      assert.deepEqual(third.troubles, [], "it is told once")
      assert.deepEqual(texts(await everything(third.journal)), [...left, "more-a", "more-b"])
      await third.journal.close()
    })
  }
}

test("sealed records that are gone from the journal are told, and their numbers are not used again", async (t) => {
  const { journal, dir } = await open(t)
  for (let at = 0; at < 4; at++) await journal.append([record(`${at}`)])
  await journal.close()
  const [name = ""] = readdirSync(join(dir, "journal"))
  const path = join(dir, "journal", name)
  const bytes = readFileSync(path, "latin1")
  writeFileSync(path, bytes.slice(0, bytes.indexOf("commit 3 ")), "latin1") // the records are 0 to 3
  const again = await open(dir, { sealed: { records: 4, segmented: 0 } })
  assert.deepEqual(
    again.troubles.map(({ facts }) => [facts.first, facts.count]),
    [[3, 1]],
  )
  await again.journal.append([record("more")])
  const [more] = own(await again.journal.read(4, ALL))
  assert.ok((more?.number ?? 0) > 4 && more?.n === 4, "n 3 was sealed, whoever it belonged to")
  await again.journal.close()
  const third = await open(dir, { sealed: { records: 4, segmented: 0 } })
  assert.deepEqual(third.troubles, [], "it is told once")
  await third.journal.close()
})

test("what the journal holds: all behind what it let go, but for sealed records that damage took", async (t) => {
  const limits = { fileBytes: 1 } // a file for each group: a heartbeat and the record, but for the first
  const { journal, dir } = await open(t, { limits })
  for (let i = 0; i < 5; i++) await journal.append([record(`{"i":${i}}`)])
  assert.deepEqual(journal.held(), [{ first: 0, last: 8 }])
  await journal.forget(1)
  assert.deepEqual(journal.held(), [{ first: 1, last: 8 }])
  await journal.close()

  rmSync(join(dir, "journal", journalName(3)))
  const sealed = { records: 9, segmented: 1 }
  const holed = await open(dir, { limits, sealed })
  const told = holed.journal.next - 1
  assert.deepEqual(holed.journal.held(), [
    { first: 1, last: 2 },
    { first: 5, last: told },
  ])
  await holed.journal.close()

  for (const name of readdirSync(join(dir, "journal")).slice(-2)) rmSync(join(dir, "journal", name))
  const cut = await open(dir, { limits, sealed })
  assert.deepEqual(cut.journal.held().slice(0, 2), [
    { first: 1, last: 2 },
    { first: 5, last: 6 },
  ])
  assert.ok((cut.journal.held()[2]?.first ?? 9) >= 9, "numbers of sealed records are not given again")
})

type Touched = readonly [what: string, touch: (path: string) => void, says: RegExp, kept: readonly string[]]

const TOUCHED: readonly Touched[] = [
  ["removed", (path) => rmSync(path), /was removed; .* put back/, ["a", "b", "c", "d"]],
  [
    "replaced by an older copy of itself",
    (path) => {
      copyFileSync(path, `${path}.older`)
      truncateSync(`${path}.older`, readFileSync(path).length / 2)
      renameSync(`${path}.older`, path)
    },
    /was replaced by another, which is in damaged\/ now; .* put back/,
    ["a", "b", "c", "d"],
  ],
  ["renamed", (path) => renameSync(path, `${path}.away`), /was removed; .* put back/, ["a", "b", "c", "d"]],
  [
    "cut within its last group",
    (path) => truncateSync(path, readFileSync(path).length - 1),
    /has \d+ bytes, and this process left it with \d+/,
    ["a", "c", "d"],
  ],
  ["added to", (path) => appendFileSync(path, "x\n"), /has \d+ bytes/, ["a", "b", "c", "d"]],
]

for (const [what, touch, says, kept] of TOUCHED) {
  test(`the open file ${what}: told at once, and what is acknowledged after it is there after a restart`, async (t) => {
    const { journal, dir, troubles } = await open(t)
    await journal.append([record("a")])
    await journal.append([record("b")])
    const path = join(dir, "journal", journalName(0))
    touch(path)
    await journal.append([record("c")])
    assert.deepEqual(
      troubles.map(({ code }) => code),
      ["journal.touched"],
    )
    assert.match(troubles[0]?.message ?? "", says)
    await journal.append([record("d")])
    assert.equal(troubles.length, 1, "told once")
    await journal.close()
    assert.equal(existsSync(join(dir, "damaged")), what.startsWith("replaced"))
    const again = await open(dir)
    assert.deepEqual(texts(await all(again.journal)), kept)
    assert.equal(again.troubles.length, kept.length < 4 ? 1 : 0)
    await again.journal.close()
  })
}

test("a file that a failed first group left empty, and somebody removed: the next group has a name all the same", async (t) => {
  let fails = true
  const disk: Disk = {
    ...realDisk,
    async create(path) {
      const file = await realDisk.create(path)
      return { ...file, write: (bytes, at) => (fails ? Promise.reject(NO_ROOM) : file.write(bytes, at)) }
    },
  }
  const root = temporaryFolder(t)
  const place = { dir: join(root, "journal"), tmp: join(root, "tmp"), damaged: join(root, "damaged"), disk }
  const { journal } = await open(root, { place })
  await assert.rejects(journal.append([record("a")]), { code: "journal.unavailable" })
  fails = false
  rmSync(join(place.dir, journalName(0)))
  await journal.append([record("b")])
  await journal.close()
  const again = await open(root)
  assert.deepEqual(texts(await all(again.journal)), ["b"])
  await again.journal.close()
})

const NO_ROOM = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write" })
