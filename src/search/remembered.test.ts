import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { NOON } from "../../test/support/journal-file.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { cataloguePath } from "../store/catalogue.ts"
import { formatEntry } from "../store/catalogue-entry.ts"
import { SEARCH_LIMITS } from "./message.ts"
import { GROUPS_MAX, Remembered } from "./remembered.ts"
import { openService } from "./service.ts"

test("what was not asked for longest is forgotten first", () => {
  const remembered = new Remembered(12)
  remembered.put("a", [["1234", null]])
  remembered.put("b", [["12"], ["345"]])
  assert.deepEqual(remembered.get("a"), [["1234", null]])
  remembered.put("c", [["12"]])
  assert.deepEqual(
    ["a", "b", "c"].map((name) => remembered.get(name)?.length),
    [1, undefined, 1],
  )
  remembered.put("larger than all", [["1"]])
  assert.equal(remembered.get("larger than all"), undefined)
  const many = new Remembered()
  many.put("too many groups", Array(GROUPS_MAX + 1).fill([""]))
  assert.equal(many.get("too many groups"), undefined)
})

let world: SegmentWorld
before(async () => {
  world = await openSegmentWorld()
  for (let segment = 0; segment < 3; segment++) {
    const bodies = Array.from({ length: 500 }, (_, i) => {
      const at = new Date(NOON / 1000 + (segment * 500 + i) * 1000).toISOString()
      const more = i % 5 === 0 ? `,"annotations":{"a/b":"c"},"user":{"username":"u"}` : ""
      return { body: eventBody({ id: `${segment}-${i}`, at, more }) }
    })
    await world.segment(bodies)
  }
  writeFileSync(cataloguePath(world.dir), world.entries.map(formatEntry).join(""))
})
after(() => world.close())

test("names of fields are counted once for each segment, as long as all of it is asked for", async (context) => {
  const options = { dir: world.dir, made: undefined, limits: SEARCH_LIMITS, readOnly: true }
  const service = await openService({ ...options, tempDir: join(world.dir, "tmp", "names") })
  context.after(() => service.close())
  let counted = 0
  const query = service.db.query.bind(service.db)
  service.db.query = (sql, ...rest) => {
    if (sql.includes("histogram")) counted++
    return query(sql, ...rest)
  }
  const names = async (text: string, start?: number) => {
    counted = 0
    const request = { text, now: NOON * 2, rowsMax: 1_000, timeoutMs: 30_000 }
    const bounds = start === undefined ? {} : { start, end: NOON * 2 }
    const view = { kind: "fieldNames" } as const
    const answer = service.query({ ...request, ...bounds, view }, undefined, new AbortController().signal)
    const hits = new Map<string, string>()
    for await (const rows of answer) for (const { name = "", hits: count = "" } of rows) hits.set(name, count)
    return ["auditID", "user.username", "annotations.a/b"].map((name) => hits.get(name))
  }
  assert.deepEqual([await names("*"), counted], [["1500", "300", "300"], 3])
  assert.deepEqual([await names("*"), counted], [["1500", "300", "300"], 0])
  // A part of one segment, and two whole ones.
  assert.deepEqual([await names("*", NOON + 100_000_000), counted], [["1400", "280", "280"], 1])
  assert.deepEqual([await names("user.username:* or verb:=get"), counted], [["1500", "300", "300"], 1])
})
