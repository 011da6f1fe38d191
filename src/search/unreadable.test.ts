import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import type { CatalogueEntry } from "../store/catalogue.ts"
import { segmentName, segmentPath } from "../store/segment-name.ts"
import { UnreadableFiles } from "./unreadable.ts"

const NEVER = new AbortController().signal
const CONTENT = "rows"
const OTHER = "rot!"

function open(t: TestContext) {
  const dir = temporaryFolder(t)
  const write = (name: string, content: string) => {
    mkdirSync(dirname(segmentPath(dir, name)), { recursive: true })
    writeFileSync(segmentPath(dir, name), content)
  }
  const entry = (at: number) => {
    const sha256 = createHash("sha256").update(CONTENT).digest("hex")
    const name = segmentName({ first: at, last: at, receivedAt: 0, sha256 })
    write(name, CONTENT)
    return { name, first: at, last: at, bytes: CONTENT.length, sha256 } as CatalogueEntry
  }
  return { dir, write, entry, files: new UnreadableFiles(dir) }
}

test("a file that changes is left out, and read again when it is as it was recorded", async (t) => {
  const { write, entry, files } = open(t)
  const [a, b] = [entry(1), entry(2)]
  assert.deepEqual(
    [a, b].map((each) => files.isSame(each)),
    [true, true],
  )
  write(a.name, `${OTHER}${OTHER}`)
  assert.deepEqual(
    [a, b].map((each) => files.isSame(each)),
    [false, true],
  )
  await files.settle(NEVER)
  assert.deepEqual([files.readable([a, b]), files.names.size], [[b], 1])
  write(a.name, CONTENT)
  await files.settle(NEVER)
  assert.deepEqual([files.readable([a, b]), files.names.size], [[a, b], 0])
  assert.ok(files.isSame(a))
})

test("what changed and was merged away since is missing in no answer", async (t) => {
  const { write, entry, files } = open(t)
  const [a, b, merged] = [entry(1), entry(2), entry(3)]
  for (const each of [a, b]) files.isSame(each)
  write(a.name, `${OTHER}${OTHER}`)
  files.isSame(a)
  await files.settle(NEVER)
  assert.equal(files.names.size, 1)
  assert.deepEqual([files.readable([merged]), files.names.size], [[merged], 0])
})
