/** A real disk that fills under load, at the start, and for the search process alone: a tmpfs of a few MiB. */
import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { readSigner } from "../../src/seal/keys.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { seriesOf } from "../support/api.ts"
import {
  eventually,
  type Server,
  startServer,
  tallystick,
  temporaryFolder as madeFolder,
} from "../support/server.ts"
import { openSmallDisk, type SmallDisk, takeNames, whyNoSmallDisk } from "../support/small-disk.ts"

const skip = await whyNoSmallDisk()
const SENDERS = 4
/** Nothing is damaged; what is not sealed nobody vouches for yet. */
const UNHARMED = /^(0 fine|2 unknown it holds no event, [^{]*)$/
const EVENTS = 40
/** Room beside the 8 MiB of the reserve. */
const SIZE = "size=40m"

let root = ""
let removeRoot = async () => {}

before(async () => {
  const made = await madeFolder()
  root = made.path
  removeRoot = made.remove
})
after(() => removeRoot())

type Ledger = {
  readonly disk: SmallDisk
  readonly dir: string
  readonly acked: Set<string>
  server: Server
}

async function open(name: string, options: string): Promise<Ledger> {
  const path = join(root, name)
  mkdirSync(path)
  const disk = await openSmallDisk(path, options)
  const dir = join(path, "ledger")
  return { disk, dir, acked: new Set(), server: await start(disk, dir) }
}

function start(disk: SmallDisk, dir: string, onSaid?: (text: string) => void): Promise<Server> {
  return startServer(dir, {
    ...(onSaid && { onSaid }),
    enter: disk.enter,
    args: ["--set", "journal.diskUsePercentMax=100"],
    env: { XDG_STATE_HOME: join(root, "state") },
  })
}

let sent = 0
/** One batch of 60 KB; its status. Who hears 200 may forget the events. */
async function send({ server, acked }: Ledger): Promise<number> {
  const ids = Array.from({ length: EVENTS }, () => `full-${sent++}`)
  const items = ids.map((id) => ({
    level: "Metadata",
    auditID: id,
    stage: "ResponseComplete",
    requestURI: "/api/v1/namespaces",
    verb: "list",
    user: { username: "u" },
    annotations: { filler: `${id} `.repeat(150) },
  }))
  const body = JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", items })
  const answer = await fetch(`${server.url}/audit/prod-1`, { method: "POST", body })
  await answer.text()
  if (answer.status === 200) for (const id of ids) acked.add(id)
  if (answer.status === 503) assert.equal(answer.headers.get("retry-after"), "3")
  return answer.status
}

/** All senders at once until each has been refused. */
async function sendUntilFull(ledger: Ledger): Promise<void> {
  const statuses = new Set<number>()
  async function sender(): Promise<void> {
    for (;;) {
      const status = await send(ledger)
      statuses.add(status)
      if (status !== 200) return
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  assert.ok(
    statuses.has(503) && [...statuses].every((status) => status === 200 || status === 503),
    [...statuses].join(),
  )
}

type Asked = { readonly status: number; readonly n: number; readonly partial: string | undefined }

async function count({ server }: Ledger): Promise<Asked> {
  const query = "auditID:full-* | stats count_uniq(auditID) n"
  const url = `${server.url}/select/logsql/query?allow_partial_response=1&query=${encodeURIComponent(query)}`
  const answer = await fetch(url)
  const lines = (await answer.text()).split("\n").filter((line) => line !== "")
  const rows = answer.status === 200 ? lines.map((line) => JSON.parse(line)) : []
  return {
    status: answer.status,
    n: Number(rows.find(({ n }) => n !== undefined)?.n ?? 0),
    partial: rows.find(({ _partial }) => _partial !== undefined)?._partial,
  }
}

async function metric({ server }: Ledger, series: string): Promise<number | undefined> {
  return seriesOf(await (await fetch(`${server.url}/metrics`)).text(), series)
}

async function verified({ disk, dir }: Ledger): Promise<string> {
  const key = formatVerifierKey(readSigner(disk.seen(join(dir, "keys/log.key"))))
  const env = { XDG_STATE_HOME: join(root, "state") }
  const { code, stdout, stderr } = await tallystick(["verify", dir, "--key", key, "--json"], {
    enter: disk.enter,
    env,
  })
  assert.ok(stdout !== "", stderr)
  const { answer, damages, doubts } = JSON.parse(stdout)
  return [code, answer, ...damages.map((one: unknown) => JSON.stringify(one)), ...doubts].join(" ")
}

/** Room again: taken at once, all that was ever acknowledged is there once, and it ends as it should. */
async function heals(ledger: Ledger): Promise<void> {
  const status = await eventually("it takes events again", 10_000, async () => {
    const taken = await send(ledger)
    return taken === 200 ? taken : undefined
  })
  assert.equal(status, 200)
  const whole = await eventually("queries lack nothing", 10_000, async () => {
    const asked = await count(ledger)
    return asked.status === 200 && asked.partial === undefined ? asked : undefined
  })
  assert.equal(whole.n, ledger.acked.size)
  assert.equal(await ledger.server.end(), 0, ledger.server.output())
  assert.equal(await verified(ledger), "0 fine")
}

test("a disk that fills under load: 503, nothing acknowledged is lost, questions are answered, it heals", {
  skip,
}, async (t) => {
  const ledger = await open("load", SIZE)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  ledger.disk.fill(6 * 2 ** 20)
  await sendUntilFull(ledger)
  assert.ok(ledger.acked.size > EVENTS)

  const ready = await fetch(`${ledger.server.url}/readyz`)
  assert.equal(ready.status, 503)
  assert.match(await ready.text(), /the disk takes nothing more|nearly full/)
  const asked = await count(ledger)
  assert.equal(asked.status, 200)
  if (asked.partial === undefined) assert.equal(asked.n, ledger.acked.size)
  else
    assert.match(asked.partial, /^journal: the newest records cannot be read \(no room to read the journal\)/)
  assert.match(await verified(ledger), UNHARMED)
  assert.ok(((await metric(ledger, 'audit_storage_errors_total{tier="journal"}')) ?? 0) > 0)

  ledger.disk.release()
  await heals(ledger)
})

test("a server killed on a full disk opens there again where the reserve is enough, or says what it waits for; it heals", {
  skip,
}, async (t) => {
  const ledger = await open("start", SIZE)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  ledger.disk.fill(6 * 2 ** 20)
  await sendUntilFull(ledger)
  ledger.disk.fill(0)
  await ledger.server.end("SIGKILL")
  ledger.disk.fill(0)

  const waits = Promise.withResolvers<void>()
  const starting = start(ledger.disk, ledger.dir, (text) => {
    if (/the disk has no room to open .*; it is tried again every second/.test(text)) waits.resolve()
  })
  await Promise.race([starting, waits.promise])
  assert.match(await verified(ledger), UNHARMED)
  ledger.disk.release()
  ledger.server = await starting
  await heals(ledger)
})

test("no name left for a file: the same", { skip }, async (t) => {
  const ledger = await open("names", `${SIZE},nr_inodes=200`)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  assert.equal(await send(ledger), 200)
  assert.equal((await count(ledger)).n, EVENTS) // the search process has its folder
  let giveBack = takeNames(ledger.disk.seen(join(root, "names")))
  const status = await send(ledger)
  const asked = await count(ledger)
  assert.equal(asked.status, 200)
  assert.match(await verified(ledger), UNHARMED)
  await ledger.server.end("SIGKILL")

  const starting = start(ledger.disk, ledger.dir)
  giveBack()
  ledger.server = await starting
  giveBack = () => {}
  assert.ok(status === 200 || status === 503)
  await heals(ledger)
})

test("no room for the search process alone: events are taken, answers say what they lack, and it heals", {
  skip,
}, async (t) => {
  const ledger = await open("search", SIZE)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  assert.equal(await send(ledger), 200)
  assert.equal((await count(ledger)).n, EVENTS)
  const uncover = await ledger.disk.cover(join(ledger.dir, "tmp", "search"), 4096)
  for (let batch = 0; batch < 3; batch++) assert.equal(await send(ledger), 200)
  const asked = await count(ledger)
  assert.deepEqual([asked.status, asked.n], [200, EVENTS])
  assert.match(
    asked.partial ?? "",
    /^journal: the newest records cannot be read \(no room to read the journal\)/,
  )
  assert.match(await verified(ledger), UNHARMED)
  await uncover()
  await heals(ledger)
})
