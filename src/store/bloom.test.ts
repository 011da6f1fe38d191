import assert from "node:assert/strict"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { corruptions, truncations } from "../../test/support/hostile.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import {
  addKey,
  bloomKey,
  bloomOf,
  createBloom,
  formatBloom,
  mayHold,
  parseBloom,
  readBloom,
} from "./bloom.ts"
import { BloomCache } from "./bloom-cache.ts"
import { bloomPath, segmentPath } from "./segment-name.ts"

const SHA = "ab".repeat(32)
const keyOf = (text: string) => {
  const key = bloomKey(text)
  assert.ok(key !== undefined)
  return key
}
const holds = (bloom: ReturnType<typeof createBloom>, text: string) =>
  mayHold(bloom, keyOf(text).high, keyOf(text).low)

function filled(count: number) {
  const bloom = createBloom(count)
  for (let i = 0; i < count; i++) addKey(bloom, keyOf(`key ${i}`).high, keyOf(`key ${i}`).low)
  return bloom
}

test("a filter holds every key that was added, and few others", () => {
  const bloom = filled(10_000)
  for (let i = 0; i < 10_000; i++) assert.ok(holds(bloom, `key ${i}`))
  let wrong = 0
  for (let i = 0; i < 10_000; i++) if (holds(bloom, `other ${i}`)) wrong++
  assert.ok(wrong < 100, `1 % at most, saw ${wrong} of 10,000`)
  assert.ok(!holds(createBloom(0), "key"))
})

test("a filter is read back; any other bytes, and that of another segment, are none", () => {
  const bytes = formatBloom(filled(20), SHA)
  assert.deepEqual(parseBloom(bytes, SHA), filled(20))
  assert.equal(parseBloom(bytes, "cd".repeat(32)), undefined)
  for (const { at, bytes: changed } of corruptions(bytes)) {
    assert.equal(parseBloom(changed, SHA), undefined, `byte ${at}`)
  }
  for (const cut of truncations(bytes)) assert.equal(parseBloom(cut, SHA), undefined)
  assert.equal(parseBloom(Buffer.concat([bytes, Buffer.of(0)]), SHA), undefined)
})

let world: SegmentWorld
before(async () => {
  world = await openSegmentWorld()
})
after(() => world.close())

const AT = "2026-11-20T12:00:00Z"

test("a segment's filter holds its audit ids as JavaScript hashes them", async () => {
  const ids = ["3f9b", "", "é\u0000\n", "a".repeat(5_000), "\ud800"]
  const escaped = ids.map((id) => JSON.stringify(id).slice(1, -1))
  const { entry } = await world.segment(escaped.map((id) => ({ body: eventBody({ id, at: AT }) })))
  const bloom = await readBloom(bloomPath(world.dir, entry.name), entry.sha256)
  assert.ok(bloom !== undefined)
  for (const id of ids) assert.ok(holds(bloom, id), JSON.stringify(id))
  assert.deepEqual(bloom, await bloomOf(world.db, segmentPath(world.dir, entry.name)))
})

test("a filter that is missing or wrong is made again; one that says no is believed", async () => {
  const { db, dir, entries } = world
  const [entry] = entries
  assert.ok(entry !== undefined)
  const path = bloomPath(dir, entry.name)
  for (const spoil of [() => rmSync(path), () => writeFileSync(path, formatBloom(createBloom(5), SHA))]) {
    spoil()
    const cache = new BloomCache({ db, dir, disk: undefined, bytesMax: 1024 })
    assert.deepEqual(await cache.prune(entries, [keyOf("3f9b")]), entries, "read only, from memory")
    assert.deepEqual(await cache.prune(entries, [keyOf("elsewhere")]), [])
    const { realDisk } = await import("../journal/disk.ts")
    await new BloomCache({ db, dir, disk: realDisk, bytesMax: 1024 }).get(entry)
    assert.ok(existsSync(path) && (await readBloom(path, entry.sha256)) !== undefined)
  }
})
