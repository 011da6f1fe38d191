/** What records say of themselves: the ledger's own in one line, and how late an event came. */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { eventually, type Server, startServer } from "../support/server.ts"

let root: string
let server: Server

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-said-"))
  server = await startServer(join(root, "data"))
})

after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await rm(root, { recursive: true, force: true })
})

test("a new ledger warns of nothing: whoever starts one could do nothing about it", async () => {
  const said = async () => /"event":"ledger\.(?:empty|unverified)"/.test(server.output()) || undefined
  await eventually("it has looked at itself", 20_000, said)
  assert.doesNotMatch(server.output(), /"level":"(?:warn|error)"/)
})

async function ask(query: string): Promise<Record<string, string>[]> {
  const url = `${server.url}/select/logsql/query?query=${encodeURIComponent(query)}`
  const text = await (await fetch(url)).text()
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}

function event(id: string, stageTimestamp?: string): string {
  const at = stageTimestamp === undefined ? {} : { stageTimestamp }
  return JSON.stringify({
    auditID: id,
    stage: "ResponseComplete",
    verb: "get",
    user: { username: "u" },
    ...at,
  })
}

test("how late an event came is a number of seconds; without a time of its own it has none", async () => {
  const now = Date.now()
  const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString().replace("Z", "000Z")
  const items = [
    event("fresh", at(0)),
    event("backdated", at(86_400)),
    event("ahead", at(-600)),
    event("timeless"),
  ]
  const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items.join(",")}]}`
  assert.equal((await fetch(`${server.url}/audit/c`, { method: "POST", body })).status, 200)
  const late = new Map(
    (await ask("auditID:* | fields auditID, lateBy")).map((row) => [row.auditID, row.lateBy]),
  )
  assert.ok(Math.abs(Number(late.get("backdated")) - 86_400) < 60, late.get("backdated"))
  assert.ok(Math.abs(Number(late.get("ahead")) + 600) < 60)
  assert.ok(Math.abs(Number(late.get("fresh"))) < 60)
  assert.equal(late.get("timeless"), undefined)
  const ids = async (query: string) => (await ask(`${query} | fields auditID`)).map(({ auditID }) => auditID)
  assert.deepEqual(await ids("auditID:* lateBy:>3600"), ["backdated"])
  assert.deepEqual(await ids("auditID:* lateBy:<-60"), ["ahead"])
  assert.deepEqual(await ask("auditID:* | filter lateBy:>3600 | stats count() n"), [{ n: "1" }])
})

test("a record of the ledger's own says in one line what it did", async () => {
  const said = (await ask("kind:=tallystick | fields _msg")).map(({ _msg }) => _msg ?? "")
  assert.ok(
    said.some((line) => /^tallystick: serve\.started version=\S+ dir=\S+/.test(line)),
    said.join("\n"),
  )
  assert.ok(said.includes("tallystick: ledger.created"))
  assert.ok(
    said.some((line) => /^tallystick: query .*by=anonymous/.test(line)),
    said.join("\n"),
  )
  const [found] = await ask('_msg:"serve.started" kind:=tallystick | stats count() n')
  assert.equal(found?.n, "1")
})
