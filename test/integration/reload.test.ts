/** SIGHUP to a real server: what it takes over, what waits, and that nothing it cannot read changes anything. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { eventually, type Server, startServer } from "../support/server.ts"

const OLD = "old-token-of-the-first-sender"
const NEW = "new-token-of-the-second-sender"
const EVENT = (id: string, note: string) =>
  JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: id,
    stage: "ResponseComplete",
    requestURI: "/api/v1/namespaces",
    verb: "list",
    user: { username: "alice" },
    annotations: { note },
  })

let root: string
let file: string
let server: Server

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-reload-"))
  file = join(root, "tallystick.yaml")
  await writeFile(file, configOf({ tokens: { first: OLD } }))
  server = await startServer(join(root, "data"), { args: ["--config", file] })
})

after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await rm(root, { recursive: true, force: true })
})

type Given = { readonly tokens: Readonly<Record<string, string>>; readonly more?: string }

function configOf({ tokens, more = "" }: Given): string {
  const sha256 = (token: string) => createHash("sha256").update(token).digest("hex")
  const credentials = Object.entries(tokens).map(
    ([name, token]) =>
      `- { name: ${name}, source: ${name}, verbs: [write, read], tokenSha256: ${sha256(token)} }`,
  )
  return `credentials:\n${credentials.map((line) => `  ${line}\n`).join("")}${more}`
}

async function send(token: string, event: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${server.url}/audit`, { method: "POST", headers, body: event })).status
}

async function ask(token: string, query: string): Promise<Record<string, string>[]> {
  const headers = { authorization: `Bearer ${token}` }
  const url = `${server.url}/select/logsql/query?query=${encodeURIComponent(query)}`
  const text = await (await fetch(url, { headers })).text()
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}

/** Sends the signal and waits until the log has one more of the line. */
async function hangUp(event: string): Promise<void> {
  const seen = () => server.output().split(`"${event}"`).length
  const before = seen()
  server.child.kill("SIGHUP")
  await eventually(`it says ${event}`, 15_000, async () => seen() > before || undefined)
}

test("credentials and redaction rules are taken over without a restart, and a record says so", async () => {
  assert.equal(await send(OLD, EVENT("r-1", "hunter2 before")), 200)
  assert.equal(await send(NEW, EVENT("r-2", "x")), 401)
  const rule = "redaction: { rules: [{ name: hunter, pattern: 'hunter[0-9]+' }] }\nscrub: { fullHours: 12 }\n"
  await writeFile(file, configOf({ tokens: { second: NEW }, more: rule }))
  await hangUp("config.reloaded")
  assert.equal(await send(OLD, EVENT("r-3", "x")), 401, "who is gone from the file may do nothing more")
  assert.equal(await send(NEW, EVENT("r-4", "hunter2 after")), 200)
  const [row] = await ask(NEW, 'auditID:=r-4 | fields source, "annotations.note"')
  assert.deepEqual([row?.source, row?.["annotations.note"]], ["second", "[redacted:hunter] after"])
  const [told] = await ask(NEW, 'kind:=tallystick raw:"config.reloaded" | fields raw')
  assert.match(told?.raw ?? "", /"taken","credentials redaction\.rules"\],\["waiting","scrub\.fullHours"/)
  assert.ok(!server.output().includes(NEW))
})

const KEPT: readonly [why: string, text: string][] = [
  ["a key that is none", configOf({ tokens: { second: NEW }, more: "listen: { prot: 1 }\n" })],
  ["no YAML", "credentials: ["],
  ["a weak credential", configOf({ tokens: { second: "password" } })],
  ["one token for two", configOf({ tokens: { second: NEW, third: NEW } })],
]
for (const [why, text] of KEPT) {
  test(`${why} in the file: all stays as it was`, async () => {
    await writeFile(file, text)
    await hangUp("config.kept")
    assert.equal(await send(NEW, EVENT(`kept-${why}`, "hunter3")), 200)
  })
}

test("no request is dropped while it is asked again and again", async () => {
  await writeFile(file, configOf({ tokens: { second: NEW } }))
  const answers: number[] = []
  for (let round = 0; round < 5; round++) {
    const sent = Array.from({ length: 20 }, (_, i) => send(NEW, EVENT(`busy-${round}-${i}`, "x")))
    await hangUp("config.reloaded")
    answers.push(...(await Promise.all(sent)))
  }
  assert.deepEqual([...new Set(answers)], [200])
})
