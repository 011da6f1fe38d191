import assert from "node:assert/strict"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { dirname } from "node:path"
import { after, before, beforeEach, test } from "node:test"
import { cpuMs } from "../../test/support/cpu.ts"
import { formatContract } from "../../test/support/hostile.ts"
import { NOON } from "../../test/support/journal-file.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import { type CatalogueEntry, cataloguePath, openCatalogue, pickEntries } from "./catalogue.ts"
import { formatEntry, parseEntry } from "./catalogue-entry.ts"
import { type SegmentMade, segmentName, segmentPath } from "./segment-name.ts"

const HOUR = 3_600_000_000

function entryAt(hour: number, more: Partial<CatalogueEntry> = {}): CatalogueEntry {
  const [first, last] = [hour * 100, hour * 100 + 99]
  const sha256 = hour.toString(16).padStart(64, "0")
  const receivedAt = NOON + hour * HOUR
  const name = segmentName({ first, last, receivedAt, sha256 })
  const times = {
    timeMin: receivedAt,
    timeMax: receivedAt + HOUR,
    receivedMin: receivedAt,
    receivedMax: receivedAt + HOUR,
  }
  return { name, first, last, bytes: 7, sha256, replaces: [], rows: 100, order: "record", ...times, ...more }
}

formatContract({
  name: "a line of the catalogue",
  code: "catalogue.malformed",
  samples: [entryAt(1), entryAt(3, { order: "key", replaces: [entryAt(1).name, entryAt(2).name] })].map(
    formatEntry,
  ),
  parse: parseEntry,
  print: formatEntry,
})

const hours = [0, 1, 2, 3].map((hour) => entryAt(hour))
const picks: [why: string, range: Parameters<typeof pickEntries>[1], hours: number[]][] = [
  ["no bounds: all, newest first", {}, [3, 2, 1, 0]],
  ["from a time on", { timeMin: NOON + 2 * HOUR + 1 }, [3, 2]],
  ["both ends of a range belong to it", { timeMin: NOON + HOUR, timeMax: NOON + HOUR }, [1, 0]],
  ["up to a time", { timeMax: NOON - 1 }, []],
  ["a record", { recordMin: 150, recordMax: 150 }, [1]],
  ["records over an edge", { recordMin: 199, recordMax: 200 }, [2, 1]],
  ["time and record together", { timeMin: NOON + 3 * HOUR, recordMax: 299 }, [2]],
]
for (const [why, range, wanted] of picks) {
  test(`pick: ${why}`, () =>
    assert.deepEqual(
      pickEntries(hours, range).map((entry) => entry.first / 100),
      wanted,
    ))
}

let world: SegmentWorld
const made: SegmentMade[] = []
before(async () => {
  world = await openSegmentWorld()
  for (let i = 0; i < 3; i++) {
    const bodies = [0, 1].map((j) => eventBody({ id: `${i}-${j}`, at: `2026-11-20T1${i}:00:0${j}Z` }))
    const { entry } = await world.segment(bodies.map((body) => ({ body })))
    const { name, first, last, bytes, sha256, replaces } = entry
    made.push({ name, first, last, bytes, sha256, replaces })
  }
})
beforeEach(() => rmSync(cataloguePath(world.dir), { force: true }))
after(() => world.close())

const open = (segments: readonly SegmentMade[] = made) =>
  openCatalogue({ db: world.db, dir: world.dir, made: segments, disk: realDisk })
const text = () => readFileSync(cataloguePath(world.dir), "utf8")

test("the catalogue is made again from the files and the list of segments alone", async () => {
  const { catalogue, missing } = await open()
  assert.deepEqual(catalogue.entries, world.entries)
  assert.deepEqual(missing, [])
  assert.equal(text(), world.entries.map(formatEntry).join(""))
  assert.equal(catalogue.next, 6)
})

test("reading alone writes nothing", async () => {
  const { catalogue } = await openCatalogue({ db: world.db, dir: world.dir, made, disk: undefined })
  assert.deepEqual(catalogue.entries, world.entries)
  assert.ok(!existsSync(cataloguePath(world.dir)))
})

test("entries are appended, and are there after a restart", async () => {
  const { catalogue } = await open(made.slice(0, 2))
  const before = catalogue.entries
  await catalogue.add(world.entries[2]!)
  assert.equal(before.length, 2, "a snapshot does not change")
  assert.deepEqual(catalogue.entries, world.entries)
  assert.deepEqual((await open()).catalogue.entries, world.entries)
})

const spoilt: [why: string, spoil: (path: string) => void][] = [
  ["its last line is torn", (path) => truncateSync(path, text().length - 5)],
  ["its last newline is missing", (path) => truncateSync(path, text().length - 1)],
  ["a line is not its own", (path) => writeFileSync(path, text().replace('"rows":2', '"rows": 2'))],
  ["it names a segment that was never recorded", (path) => appendFileSync(path, formatEntry(entryAt(500)))],
  [
    "it has another size of a segment",
    (path) => writeFileSync(path, text().replace(/"bytes":\d/, '"bytes":9')),
  ],
  ["it lacks a segment", (path) => writeFileSync(path, text().split("\n").slice(1).join("\n"))],
  ["it is empty", (path) => writeFileSync(path, "")],
  ["it is something else", (path) => writeFileSync(path, "\0".repeat(100))],
]
for (const [why, spoil] of spoilt) {
  test(`the catalogue heals: ${why}`, async () => {
    await open()
    spoil(cataloguePath(world.dir))
    const { catalogue } = await open()
    assert.deepEqual(catalogue.entries, world.entries)
    assert.equal(text(), world.entries.map(formatEntry).join(""))
  })
}

test("a segment that is gone, or not of its size, is told as missing", async () => {
  const gone = entryAt(700)
  const { catalogue, missing } = await open([...made, gone])
  assert.deepEqual(missing, [gone])
  assert.deepEqual(catalogue.entries, world.entries)
  const path = segmentPath(world.dir, made[0]!.name)
  const whole = readFileSync(path)
  truncateSync(path, whole.length - 1)
  assert.deepEqual((await open()).missing, [made[0]], "also where the catalogue knows it")
  rmSync(cataloguePath(world.dir))
  assert.deepEqual((await open()).missing, [made[0]])
  writeFileSync(path, whole)
})

test("a segment hides those it replaces", async () => {
  const { catalogue } = await open()
  const [first, second] = made
  await catalogue.add({ ...entryAt(0), first: 0, last: 3, replaces: [first!.name, second!.name] })
  assert.deepEqual(
    catalogue.entries.map(({ first }) => first),
    [0, 4],
  )
})

test("10,000 segments are read in well under a second", async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => entryAt(i))
  for (const { name, bytes } of many) {
    const path = segmentPath(world.dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, "")
    truncateSync(path, bytes)
  }
  writeFileSync(cataloguePath(world.dir), many.map(formatEntry).join(""))
  const began = cpuMs()
  const { catalogue, missing } = await open(many)
  const took = cpuMs() - began
  assert.equal(catalogue.entries.length, 10_000)
  assert.equal(missing.length, 0)
  assert.ok(took < 5_000, `took ${took} ms`)
})
