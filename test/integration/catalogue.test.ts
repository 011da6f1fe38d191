import assert from "node:assert/strict"
import { appendFile, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { eventually, type Server, startServer, temporaryFolder } from "../support/server.ts"

// The catalogue is derived: whatever happens to it, the next start makes it agree with what the ledger itself recorded.

const EVENTS = 1_200

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let catalogue: string
let server: Server
const args = ["--set", "segments.recordsMin=100"]

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "data")
  catalogue = join(dir, "catalogue.ndjson")
  server = await startServer(dir, { args })
  for (let i = 0; i < EVENTS; i += 400) {
    const items = Array.from(
      { length: 400 },
      (_, at) => `{"auditID":"a${i + at}","stage":"ResponseComplete","verb":"get"}`,
    )
    const body = `{"kind":"EventList","items":[${items.join(",")}]}`
    assert.equal((await fetch(`${server.url}/audit/c`, { method: "POST", body })).status, 200)
    await eventually("they are in a segment", 20_000, async () => {
      const text = await readFile(catalogue, "utf8").catch(() => "")
      return text.split("\n").length > i / 400 + 1 ? true : undefined
    })
  }
})
after(async () => {
  await server.end()
  await folder.remove()
})

async function count(): Promise<number> {
  const url = `${server.url}/select/logsql/query?query=${encodeURIComponent("source:=c | stats count() as n")}`
  return await eventually("the search answers", 10_000, async () => {
    const response = await fetch(url)
    const text = await response.text()
    assert.ok(!text.includes("_partial"), text)
    return response.ok ? Number((JSON.parse(text) as { n: string }).n) : undefined
  })
}

const changes: readonly [why: string, change: () => Promise<void>][] = [
  ["left alone", async () => undefined],
  ["removed", () => rm(catalogue)],
  ["emptied", () => writeFile(catalogue, "")],
  [
    "cut by a line",
    async () => {
      const lines = (await readFile(catalogue, "utf8")).trimEnd().split("\n")
      await writeFile(
        catalogue,
        lines
          .slice(1)
          .map((line) => `${line}\n`)
          .join(""),
      )
    },
  ],
  ["torn", () => appendFile(catalogue, '{"name":"date=')],
]
for (const [why, change] of changes) {
  test(`after a restart every record is found again: catalogue ${why}`, async () => {
    assert.equal(await server.end(), 0)
    await change()
    server = await startServer(dir, { args })
    assert.equal(await count(), EVENTS)
  })
}
