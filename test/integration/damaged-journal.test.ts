/** Somebody, or something, changed the journal while nobody looked: what a start makes of it, and what everybody is told. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { groupLines, scanJournal } from "../../src/journal/line.ts"
import { editJournalLine, flip } from "../support/attacks.ts"
import { eventually, type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"

const REQUESTS = 3
const EVENTS = 60

const event = (id: string): string =>
  `{"level":"Metadata","auditID":"${id}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{"username":"u"}}`

/** Number of the record that an event became, the file it stands in, and where; and the records of its group. */
function placeOf(dir: string, id: string) {
  const folder = join(dir, "journal")
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    for (const group of scanJournal(bytes)) {
      const lines = [...groupLines(bytes, group)].map((line) => Buffer.from(line).toString("latin1"))
      const at = lines.findIndex((line) => line.includes(`"auditID":"${id}"`))
      if (at < 0) continue
      const offset = bytes.indexOf(`"auditID":"${id}"`, group.start)
      return {
        path: `journal/${name}`,
        offset,
        number: group.first + at,
        first: group.first,
        count: group.count,
      }
    }
  }
  throw new Error(`${id} is not in the journal`)
}

async function ids(dir: string, env: Record<string, string>): Promise<readonly string[]> {
  const ran = await tallystick(["query", "auditID:d-* | fields auditID", "--dir", dir, "--json"], { env })
  assert.equal(ran.code, 0, ran.stderr)
  return ran.stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [String(JSON.parse(line).auditID ?? line)]))
}

async function sendAll(server: Server): Promise<readonly string[]> {
  const sent: string[] = []
  for (let request = 0; request < REQUESTS; request++) {
    const here = Array.from({ length: EVENTS }, (_, i) => `d-${request}-${i}`)
    sent.push(...here)
    const answer = await fetch(`${server.url}/audit/prod-1`, {
      method: "POST",
      body: `[${here.map(event).join(",")}]`,
    })
    assert.equal(answer.status, 200)
  }
  return sent
}

test("a changed line whose CRC was repaired, and a flipped byte: the ledger opens, loses what cannot be read, and goes on with all the rest", async (t) => {
  const folder = await temporaryFolder()
  t.after(() => folder.remove())
  const dir = join(folder.path, "data")
  const env = { XDG_STATE_HOME: join(folder.path, "state") }
  const before = await startServer(dir)
  const sent = await sendAll(before)
  assert.equal(await before.end(), 0)

  const line = placeOf(dir, "d-1-30")
  const group = placeOf(dir, "d-2-5")
  editJournalLine(
    dir,
    (text) => text.includes('"auditID":"d-1-30"'),
    (text) => text.replace(" k8s.audit ", " K8S.AUDIT "),
  )
  flip(dir, placeOf(dir, "d-2-5").path, placeOf(dir, "d-2-5").offset)
  const left = sent.filter((id) => id !== "d-1-30" && !id.startsWith("d-2-"))
  assert.deepEqual((await ids(dir, env)).toSorted(), left.toSorted(), "of the directory, without any start")

  const server = await startServer(dir, { args: ["--set", "segments.recordsMin=100"] })
  t.after(() => server.child.kill("SIGKILL"))
  const told = server
    .output()
    .split("\n")
    .flatMap((text) => (text.startsWith("{") ? [JSON.parse(text) as Record<string, unknown>] : []))
    .filter(({ code }) => code === "journal.damaged")
  assert.deepEqual(
    told.map(({ first, count }) => [first, count]),
    [
      [line.number, 1],
      [group.first, group.count],
    ],
  )
  const answer = await fetch(`${server.url}/audit/prod-1`, { method: "POST", body: event("d-new") })
  assert.equal(answer.status, 200)
  // Segments are made of the rest: the journal does not grow for ever, and questions are answered from files.
  await eventually("segments hold what can be read", 30_000, async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    const [, left] = /^tallystick_unsegmented_records(?:\{.*\})? (\d+)$/m.exec(metrics) ?? []
    return Number(left) < 100 ? true : undefined
  })
  const asked = await fetch(
    `${server.url}/select/logsql/query?query=${encodeURIComponent("auditID:d-* | fields auditID")}`,
  )
  const rows = (await asked.text()).trimEnd().split("\n")
  assert.deepEqual(
    rows.map((row) => String(JSON.parse(row).auditID)).toSorted(),
    [...left, "d-new"].toSorted(),
  )
  assert.equal(await server.end(), 0, server.output())

  const kept = readdirSync(join(dir, "damaged")).map((name) =>
    readFileSync(join(dir, "damaged", name), "latin1"),
  )
  for (const id of ["d-1-30", "d-2-7"])
    assert.ok(
      kept.some((text) => text.includes(id)),
      `${id} is kept aside`,
    )
  const key = (await tallystick(["keys", "show", "--public", "--dir", dir], { env })).stdout.trim()
  const verified = await tallystick(["verify", dir, "--key", key, "--json"], { env })
  assert.equal(verified.code, 1)
  const { damages, notes } = JSON.parse(verified.stdout) as {
    readonly notes: readonly string[]
    readonly damages: readonly { thing: string; cause: string; first: number; last: number }[]
  }
  assert.deepEqual(
    damages.filter(({ thing }) => thing === "record").map(({ cause, first, last }) => [cause, first, last]),
    [
      ["missing", line.number, line.number],
      ["missing", group.first, group.first + group.count - 1],
    ],
    verified.stdout,
  )
  assert.match(
    notes.join("\n"),
    /^damaged\/ keeps what was taken out of the journal, \d files?: \S+\.journal/m,
  )
})
