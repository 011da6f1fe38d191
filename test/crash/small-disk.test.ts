/** A real disk that fills under load, at the start, and for the search process alone: a tmpfs of a few MiB. */
import assert from "node:assert/strict"
import { mkdirSync, statSync } from "node:fs"
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
const EVENTS = 40
const RESERVE_BYTES = 8 * 2 ** 20
/** With the reserve in it. */
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

/** A first batch is sealed, and the reserve is taken: from here on a disk may fill. */
async function settled(ledger: Ledger): Promise<void> {
  assert.equal(await send(ledger), 200)
  await eventually("everything is sealed", 10_000, async () =>
    (await metric(ledger, "tallystick_unsealed_records")) === 0 ? true : undefined,
  )
  const reserve = ledger.disk.seen(join(ledger.dir, "reserve"))
  await eventually("the reserve is taken", 70_000, async () =>
    (statSync(reserve, { throwIfNoEntry: false })?.size ?? 0) === RESERVE_BYTES ? true : undefined,
  )
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
  assert.deepEqual([...statuses].toSorted(), [200, 503])
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
  await settled(ledger)
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
  assert.equal(await verified(ledger), "0 fine")
  assert.ok(((await metric(ledger, 'audit_storage_errors_total{tier="journal"}')) ?? 0) > 0)

  ledger.disk.release()
  await heals(ledger)
})

test("killed, and no room left before it starts again: it opens, answers and verifies, refuses events, and heals", {
  skip,
}, async (t) => {
  const ledger = await open("start", SIZE)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  await settled(ledger)
  await ledger.server.end("SIGKILL")
  ledger.disk.fill(0)

  ledger.server = await start(ledger.disk, ledger.dir)
  ledger.disk.fill(0)
  assert.equal(await send(ledger), 503)
  const asked = await eventually("questions are answered", 10_000, async () => {
    const answer = await count(ledger)
    return answer.status === 200 ? answer : undefined
  })
  if (asked.partial === undefined) assert.equal(asked.n, ledger.acked.size)
  assert.equal(await verified(ledger), "0 fine")
  ledger.disk.release()
  await heals(ledger)
})

test("killed on a full disk, where sealing may have used the reserve: it opens, or says what it waits for, and heals", {
  skip,
}, async (t) => {
  const ledger = await open("used", SIZE)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  await settled(ledger)
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
  assert.equal(await verified(ledger), "0 fine")
  ledger.disk.release()
  ledger.server = await starting
  await heals(ledger)
})

test("no name left for a file: the same", { skip }, async (t) => {
  const ledger = await open("names", `${SIZE},nr_inodes=200`)
  t.after(() => ledger.disk.close())
  t.after(() => ledger.server.end("SIGKILL"))
  await settled(ledger)
  assert.equal((await count(ledger)).n, EVENTS) // the search process has its folder
  let giveBack = takeNames(ledger.disk.seen(join(root, "names")))
  const status = await send(ledger)
  const asked = await count(ledger)
  assert.equal(asked.status, 200)
  assert.equal(await verified(ledger), "0 fine")
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
  await settled(ledger)
  assert.equal((await count(ledger)).n, EVENTS)
  const uncover = await ledger.disk.cover(join(ledger.dir, "tmp", "search"), 4096)
  for (let batch = 0; batch < 3; batch++) assert.equal(await send(ledger), 200)
  const asked = await count(ledger)
  assert.deepEqual([asked.status, asked.n], [200, EVENTS])
  assert.match(
    asked.partial ?? "",
    /^journal: the newest records cannot be read \(no room to read the journal\)/,
  )
  assert.equal(await verified(ledger), "0 fine")
  await uncover()
  await heals(ledger)
})
