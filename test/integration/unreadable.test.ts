/** Segment files that somebody or a rotten disk changed: queries go on without them, and say so. */
import assert from "node:assert/strict"
import { cpSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { openLocalSearch } from "../../src/search/local.ts"
import type { QueryMessage } from "../../src/search/message.ts"
import { segmentPath } from "../../src/store/segment-name.ts"
import { BUILT_AT, type BuiltLedger, buildLedger } from "../support/built-ledger.ts"

let root = ""
let whole = ""
let built: BuiltLedger

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-unreadable-"))
  whole = join(root, "whole")
  const size = { perBlock: 50, perBatch: 50, perSegment: 100 }
  built = await buildLedger({ ...size, dir: whole, body: createEventMaker(5), records: 400 })
})

after(() => rm(root, { recursive: true, force: true }))

type Asked = { readonly rows: number; readonly partial: string | undefined }

/** Asks twice: what was found out once is known. */
async function ask(dir: string, text: string): Promise<Asked[]> {
  const search = await openLocalSearch(dir)
  const answers: Asked[] = []
  try {
    for (let turn = 0; turn < 2; turn++) {
      const request = { text, now: BUILT_AT + 1e9, rowsMax: 10_000, timeoutMs: 30_000 }
      for await (const message of search.query(request, new AbortController().signal))
        if (message.kind === "end") answers.push({ rows: message.rows, partial: message.partial })
    }
  } finally {
    await search.close()
  }
  return answers
}

function damaged(name: string, damage: (path: string) => void): string {
  const dir = join(root, name)
  cpSync(whole, dir, { recursive: true })
  damage(segmentPath(dir, built.made[1]?.name ?? ""))
  return dir
}

test("a file that was cut is known at the start", async () => {
  const dir = damaged("cut", (path) => truncateSync(path, readFileSync(path).length - 1))
  const [sound] = await ask(whole, "auditID:*")
  assert.deepEqual(sound, { rows: 400, partial: undefined })
  for (const { rows, partial } of await ask(dir, "auditID:*")) {
    assert.ok(rows >= 250 && rows < 400, `${rows}`)
    assert.match(partial ?? "", /^segments: 1 files are missing/)
  }
})

const QUERIES = [
  "auditID:*",
  "* | stats count() n",
  "* | sort by (_time desc) limit 3 | fields raw",
  "raw:secrets",
]
for (const query of QUERIES) {
  test(`pages full of other bytes fail no query: ${query}`, async () => {
    const dir = damaged(`pages-${QUERIES.indexOf(query)}`, (path) => {
      const bytes = readFileSync(path)
      bytes.fill(0x55, 4, Math.floor(bytes.length * 0.8))
      writeFileSync(path, bytes)
    })
    const answers = await ask(dir, query)
    assert.equal(answers.length, 2)
    for (const { rows, partial } of answers) {
      assert.ok(rows > 0)
      // The statistics of the footer may have been all that the query needed of the file.
      if (partial !== undefined)
        assert.match(partial, /1 files are not as they were recorded: verify says more/)
    }
    if (query.includes("raw")) assert.notEqual(answers[0]?.partial, undefined)
  })
}

test("an answer without a file says so, though others find meanwhile that it is a sound copy", async () => {
  const dir = join(root, "copied")
  cpSync(whole, dir, { recursive: true })
  const search = await openLocalSearch(dir)
  try {
    const request = { text: "auditID:*", now: BUILT_AT + 1e9, rowsMax: 10_000, timeoutMs: 30_000 }
    const answer = () => search.query(request, new AbortController().signal)
    const endOf = async (messages: AsyncIterable<QueryMessage>): Promise<Asked> => {
      for await (const message of messages)
        if (message.kind === "end") return { rows: message.rows, partial: message.partial }
      throw new Error("an answer has an end")
    }
    assert.deepEqual(await endOf(answer()), { rows: 400, partial: undefined })
    utimesSync(segmentPath(dir, built.made[1]?.name ?? ""), 0, 0)
    const first = answer()
    assert.equal((await first[Symbol.asyncIterator]().next()).value?.kind, "rows")
    assert.deepEqual(await endOf(answer()), { rows: 400, partial: undefined })
    const { rows, partial } = await endOf(first)
    assert.ok(rows < 400, `${rows}`)
    assert.match(partial ?? "", /^segments: 1 files are not as they were recorded/)
  } finally {
    await search.close()
  }
})

test("a query that is wrong by itself is refused as before", async () => {
  await assert.rejects(ask(whole, "* | stats nothing("), { code: "query.malformed" })
})
