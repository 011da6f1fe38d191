/** One poison item in a batch of 400, through the front door of a real server to the person who answers it. */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type Server, startServer, tallystick } from "../support/server.ts"

const POISON = '{"auditID":7,"stage":"ResponseComplete","verb":"get"}'
const event = (at: number) =>
  `{"level":"Metadata","auditID":"q-${at}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{"username":"u"}}`

let root: string
let server: Server

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-quarantine-"))
  server = await startServer(join(root, "data"))
})

after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await rm(root, { recursive: true, force: true })
})

async function json(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const ran = await tallystick([...args, "--server", server.url, "--json"], { cwd: root })
  assert.equal(ran.stderr, "")
  return ran.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}

test("399 events are kept, and one item with the reason and its exact bytes; the sender hears 200", async () => {
  const items = Array.from({ length: 400 }, (_, at) => (at === 217 ? POISON : event(at)))
  const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items.join(",")}]}`
  const answer = await fetch(`${server.url}/audit/prod-1?timeout=30s`, { method: "POST", body })
  assert.equal(answer.status, 200)
  const [counted] = await json("query", "auditID:q-* | stats count() n")
  assert.equal(counted?.n, "399")
  const [row, ...others] = await json("quarantine", "list")
  assert.deepEqual([row?.source, row?.reason, others.length], ["prod-1", "type", 0])
  const shown = await tallystick(["quarantine", "show", String(row?.record), "--server", server.url])
  assert.equal(shown.stdout, POISON)
})

test("what is still not understood is left alone by a replay, and a person dismisses it", async () => {
  const [row] = await json("quarantine", "list")
  const record = String(row?.record)
  assert.deepEqual(await json("quarantine", "replay"), [{ replayed: 0, left: 1, handledBefore: 0 }])
  const why = "a client's own experiment"
  assert.deepEqual(await json("quarantine", "dismiss", record, "--why", why), [
    { dismissed: [Number(record)], why },
  ])
  assert.deepEqual(await json("quarantine", "list"), [])
  const [kept] = await json("quarantine", "list", "--all")
  assert.deepEqual([kept?.record, kept?.handled], [Number(record), "dismissed"])
  const [told] = await json("query", 'kind:=tallystick raw:"quarantine.dismissed" !raw:query | fields raw')
  assert.match(String(told?.raw), /a client's own experiment/)
  for (const wrong of ["x", "9999999999999999"]) {
    const answer = await fetch(`${server.url}/quarantine/dismiss?record=${wrong}&why=y`, { method: "POST" })
    assert.equal(answer.status, 400, wrong)
  }
})
