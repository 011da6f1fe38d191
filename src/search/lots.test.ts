import assert from "node:assert/strict"
import { test } from "node:test"
import { trusted } from "../query/sql.ts"
import { type Choose, partsAsRead } from "./lots.ts"
import type { Source } from "./snapshot.ts"

const VERB = trusted(`"verb" = 'get'`)

/** Newest first; the number of each is its `first`. */
const sources: readonly Source[] = Array.from({ length: 10_000 }, (_, i) => {
  const first = 10_000 - i
  return { file: `${first}`, first, last: first, timeMin: 0, timeMax: 1, rows: 40_000, segment: undefined }
})

function choosing(isSound: (source: Source) => boolean) {
  const asked: Source[] = []
  const choose: Choose = async (some) => {
    asked.push(...some)
    return { sources: some.filter(isSound), where: () => VERB }
  }
  return { asked, choose }
}

test("of ten thousand files only those near what is read are looked at", async () => {
  const { asked, choose } = choosing(() => true)
  for await (const part of partsAsRead(sources, choose, { startRows: 1 })) {
    assert.deepEqual(part, { sources: [sources[0]], where: VERB })
    break
  }
  assert.deepEqual(asked, sources.slice(0, asked.length))
  assert.ok(asked.length <= 10, `${asked.length} were looked at for one`)
})

test("read to its end, every source that can be read is in one part, in order", async () => {
  const isSound = ({ first }: Source) => first % 7 !== 0
  const { asked, choose } = choosing(isSound)
  const read: Source[] = []
  for await (const part of partsAsRead(sources, choose, { startRows: 1 })) read.push(...part.sources)
  assert.deepEqual(asked, sources)
  assert.deepEqual(read, sources.filter(isSound))
})
