/** What a monitor or a witness gets of a running server, checked by hand: docs/FORMAT.md, and nothing of ours. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { leafOf, openCheckpoint, rootOf } from "../support/by-hand.ts"
import { eventually, type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server
let key: string

before(async () => {
  folder = await temporaryFolder()
  const dir = join(folder.path, "data")
  server = await startServer(dir, { args: ["--set", "seal.intervalMs=100"] })
  key = (await tallystick(["keys", "show", "--public", "--dir", dir])).stdout.trim()
})
after(async () => {
  await server.end()
  await folder.remove()
})

async function get(path: string): Promise<Buffer | undefined> {
  const answer = await fetch(`${server.url}/log/${path}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  return answer.status === 200 ? bytes : undefined
}

const checkpoint = async () => openCheckpoint((await get("checkpoint"))?.toString() ?? "", key)

/** A checkpoint of at least so many blocks; each event waits for a block of its own. */
async function grown(size: number) {
  return eventually(`${size} blocks`, 20_000, async () => {
    const event = `{"auditID":"x","stage":"ResponseComplete","verb":"get"}`
    assert.equal((await fetch(`${server.url}/audit/prod-1`, { method: "POST", body: event })).status, 200)
    const now = await checkpoint()
    return now.size >= size ? now : undefined
  })
}

/** The entries of the first bundle: each its length in two bytes, and its bytes. */
async function entries(width: number): Promise<readonly Buffer[]> {
  const bytes = await get(`tile/entries/000.p/${width}`)
  const found: Buffer[] = []
  for (let at = 0; bytes !== undefined && at < bytes.length; ) {
    const length = bytes.readUInt16BE(at)
    found.push(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return found
}

test("entries make the root that is signed, a later checkpoint extends an earlier one, tiles hold the leaves, and nothing is beyond", async () => {
  const older = await grown(3)
  const newer = await grown(older.size + 3)
  const leaves = (await entries(newer.size)).map(leafOf)
  assert.equal(leaves.length, newer.size)
  assert.deepEqual(rootOf(leaves), newer.root)
  assert.deepEqual(rootOf(leaves.slice(0, older.size)), older.root)
  assert.deepEqual(await get(`tile/0/000.p/${newer.size}`), Buffer.concat(leaves))
  const { size } = await checkpoint()
  assert.equal(await get(`tile/0/000.p/${size + 100}`), undefined)
  assert.equal(await get("tile/entries/001.p/1"), undefined)
})

test("the server reads its own ledger again at a start: a metric, a line of the log and a record say that it is fine", async () => {
  await server.end()
  server = await startServer(join(folder.path, "data"))
  await eventually("it has verified itself", 30_000, async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    return /^audit_chain_verification_status\{[^}]*\} 1$/m.test(metrics) ? true : undefined
  })
  assert.match(server.output(), /"event":"ledger.verified"/)
  const query = new URLSearchParams({ query: 'kind:=tallystick raw:"verified" | fields _msg' })
  const told = await eventually("the record is there", 10_000, async () => {
    const text = await (await fetch(`${server.url}/select/logsql/query?${query}`)).text()
    return text.includes("verified answer") ? text : undefined
  })
  assert.match(told, /tallystick: verified answer=fine full=true/)
})
