/** A real server that knows which audit policy its sender is said to have. */
import assert from "node:assert/strict"
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { controlFilter } from "../../src/cli/control-query.ts"
import { eventually, type Server, startServer, tallystick } from "../support/server.ts"

const POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
const EVENT = (id: string, level: string) =>
  JSON.stringify({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level, auditID: id, stage: "ResponseComplete" },
    ...{ requestURI: "/api/v1/namespaces", verb: "list", user: { username: "alice", groups: ["devs"] } },
    objectRef: { resource: "namespaces", apiVersion: "v1" },
    stageTimestamp: "2026-11-20T18:00:00.000000Z",
  })

const FLAGS = "--audit-policy-file=/etc/policy.yaml\n--audit-log-path=/var/log/audit.log\n"

const MS_MAX = 20_000
let root: string
let policy: string
let server: Server

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-drift-"))
  policy = join(root, "policy.yaml")
  await writeFile(policy, POLICY)
  await writeFile(join(root, "flags"), FLAGS)
  const config = join(root, "tallystick.yaml")
  await writeFile(
    config,
    "policy:\n  intervalMs: 1000\n  declared:\n    - { source: prod-1, file: policy.yaml, flags: flags }\n",
  )
  server = await startServer(join(root, "data"), { args: ["--config", config] })
})

after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await rm(root, { recursive: true, force: true })
})

/** At once, as whoever deploys it does: a file that is half written is a policy of its own, and would be recorded. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

async function send(source: string, ...events: readonly string[]): Promise<void> {
  const body = events.join("\n")
  const answer = await fetch(`${server.url}/audit/${source}`, { method: "POST", body })
  assert.equal(answer.status, 200)
}

async function ask(query: string): Promise<readonly Record<string, string>[]> {
  const answer = await fetch(`${server.url}/select/logsql/query?query=${encodeURIComponent(query)}`)
  const text = await answer.text()
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}

async function inForce(): Promise<string> {
  const asked = ["policy", "in-force", "--server", server.url, "--source", "prod-1/apiserver-0"]
  return (await tallystick(asked)).stdout
}

test("the declared policy is recorded at the start, once, and again when its file changes", async () => {
  await eventually("its record", MS_MAX, async () => ((await inForce()) === POLICY ? true : undefined))
  const second = `${POLICY}# second version\n`
  await replace(policy, second)
  await eventually("the second record", MS_MAX, async () => ((await inForce()) === second ? true : undefined))
  assert.equal((await recorded()).length, 2)
})

async function recorded(): Promise<readonly string[]> {
  const records = await ask(`${controlFilter("did", "policy.inForce")} | sort by (record) | fields raw`)
  return records.map(({ raw }) => raw ?? "")
}

test("the server's audit flags are recorded with its policy, and again when they change", async () => {
  const flag = (line: string) => `["flag","${line.replace(/\n$/, "")}"]`
  assert.ok((await recorded())[0]?.includes(flag("--audit-log-path=/var/log/audit.log")))
  const more = "--audit-log-maxage=7\n"
  await replace(join(root, "flags"), FLAGS + more)
  await eventually("the third record", MS_MAX, async () => {
    const records = await recorded()
    return records.length === 3 && records[2]?.includes(flag(more)) ? true : undefined
  })
})

test("an event that the declared flags would not have let through is told", async () => {
  const cut = EVENT("cut", "Metadata").replace(/}$/, ',"annotations":{"audit.k8s.io/truncated":"true"}}')
  await send("prod-1/apiserver-0", cut)
  await eventually("the finding", MS_MAX, async () => {
    const records = await ask(`${controlFilter("did", "policy.drift")} raw:"truncation is off" | fields raw`)
    return records.length > 0 ? true : undefined
  })
})

test("an event that the declared policy would not have produced is a record, a metric and a line of the log", async () => {
  await send("prod-1/apiserver-0", EVENT("good", "Metadata"), EVENT("bad", "RequestResponse"))
  await send("prod-2", EVENT("other", "RequestResponse"))
  const found = await eventually("the finding", MS_MAX, async () => {
    const records = await ask(
      `${controlFilter("did", "policy.drift")} raw:"saw ResponseComplete" | fields raw`,
    )
    return records.length > 0 ? records : undefined
  })
  assert.equal(found.length, 1)
  assert.match(found[0]?.raw ?? "", /saw ResponseComplete at RequestResponse.*\["examples","bad"\]/)
  assert.match(server.output(), /policy\.drift/)
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^tallystick_policy_drift /m)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
})
