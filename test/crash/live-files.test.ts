/**
 * Files of a ledger cut, changed, removed and replaced beside the server that holds it: what intake, queries, the server's
 * own words, `verify` (and the scrub, which is the same) and the next start say. Nothing is silent, and nothing is lost
 * beyond what was damaged.
 */
import assert from "node:assert/strict"
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { makeRedactionKey } from "../../src/cli/redaction-key.ts"
import { newKey, writeKey } from "../../src/seal/keys.ts"
import { verifyLedger } from "../../src/seal/verify.ts"
import { bloomPath, segmentPath } from "../../src/store/segment-name.ts"
import { seriesOf } from "../support/api.ts"
import { type BuiltLedger, buildLedger, ORIGIN } from "../support/built-ledger.ts"
import { eventually, type Server, startServer, temporaryFolder } from "../support/server.ts"
import { eventLine } from "../support/tailed.ts"
import { faultyDisk } from "./faulty-disk.ts"

/** More blocks than a tile has, in two segments and a journal of several files. */
const RECORDS = 330
/** Events of each segment. */
const PER_SEGMENT = 120
const BEFORE = 4
const AFTER = 3
const ALL = RECORDS + BEFORE + AFTER

let root = ""
let removeRoot = async () => {}
let whole = ""
let built: BuiltLedger

before(async () => {
  const made = await temporaryFolder()
  root = made.path
  removeRoot = made.remove
  whole = join(root, "whole")
  const size = { perBlock: 1, perBatch: 30, perSegment: PER_SEGMENT, fileBytes: 4_000 }
  const body = createEventMaker(5)
  built = await buildLedger({ ...size, dir: whole, disk: faultyDisk(), body, records: RECORDS })
  writeKey(join(whole, "keys", "log.key"), newKey(ORIGIN, sameSeed))
  makeRedactionKey(join(whole, "keys", "redaction.key"))
})
after(() => removeRoot())

const sameSeed = (bytes: number) => new Uint8Array(bytes).fill(7)

const flip = (path: string, where?: string) => {
  const bytes = readFileSync(path)
  const at = where === undefined ? Math.floor(bytes.length / 2) : bytes.lastIndexOf(where)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
const cut = (path: string) => truncateSync(path, Math.floor(readFileSync(path).length / 2))
const remove = (path: string) => rmSync(path)
/** By another file, as an editor or a restore does it. */
const replace = (path: string, bytes: Uint8Array) => {
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}
const halve = (path: string) => {
  const bytes = readFileSync(path)
  replace(path, bytes.subarray(0, Math.floor(bytes.length / 2)))
}

const segment = (dir: string, at = 1) => segmentPath(dir, built.made[at]?.name ?? "")
const bloom = (dir: string) => bloomPath(dir, built.made[1]?.name ?? "")
const catalogue = (dir: string) => join(dir, "catalogue.ndjson")
const log = (dir: string, name: string) => join(dir, "log", name)
const key = (dir: string) => join(dir, "keys", "log.key")
function journal(dir: string, at: 0 | -1): string {
  const names = readdirSync(join(dir, "journal")).toSorted()
  return join(dir, "journal", names.at(at) ?? "")
}

/** What is said beside the server, and by it; then what the next start finds. */
type Row = {
  readonly what: string
  readonly damage: (dir: string) => void
  /** Events that queries lack. */
  readonly lacks?: number
  readonly partial?: RegExp
  readonly verify: "fine" | "tampered" | "unknown"
  /** In the server's own log. */
  readonly says?: RegExp
  /** Label of `audit_storage_errors_total` that counts it. */
  readonly tier?: "journal" | "log" | "segment"
  readonly again?: RegExp | { readonly lacks?: number; readonly says?: RegExp }
}

const LACKING = /1 files are not as they were recorded: verify says more/

const TABLE: readonly Row[] = [
  {
    what: "a letter in the footer of a segment, which reads well all the same",
    damage: (dir) => flip(segment(dir), "DuckDB"),
    lacks: PER_SEGMENT,
    partial: LACKING,
    verify: "tampered",
  },
  {
    what: "a segment cut",
    damage: (dir) => cut(segment(dir)),
    lacks: PER_SEGMENT,
    partial: LACKING,
    verify: "tampered",
  },
  {
    what: "a segment removed, and with it the record that names the one before",
    damage: (dir) => remove(segment(dir)),
    lacks: PER_SEGMENT,
    partial: LACKING,
    verify: "tampered",
    again: { lacks: PER_SEGMENT, says: /catalogue\.rebuilt/ },
  },
  {
    what: "a segment replaced by another of the same ledger",
    damage: (dir) => replace(segment(dir), readFileSync(segment(dir, 0))),
    lacks: PER_SEGMENT,
    partial: LACKING,
    verify: "tampered",
  },
  { what: "a bloom file", damage: (dir) => flip(bloom(dir)), verify: "tampered" },
  {
    what: "the catalogue full of something else",
    damage: (dir) => writeFileSync(catalogue(dir), "x\n"),
    verify: "tampered",
    again: { says: /catalogue\.rebuilt/ },
  },
  {
    what: "a tile",
    damage: (dir) => flip(log(dir, "tile/0/000")),
    verify: "tampered",
  },
  {
    what: "the checkpoint removed: the next one is written to its place",
    damage: (dir) => remove(log(dir, "checkpoint")),
    verify: "fine",
  },
  {
    what: "log/tail cut",
    damage: (dir) => cut(log(dir, "tail")),
    verify: "tampered",
    says: /ledger\.touched/,
    tier: "log",
    again: { says: /ledger\.(damaged|shrunk)/ },
  },
  {
    what: "the open journal file removed",
    damage: (dir) => remove(journal(dir, -1)),
    verify: "fine",
    says: /journal\.touched.*was removed/,
    tier: "journal",
    again: {},
  },
  {
    what: "the open journal file replaced by an older copy of itself",
    damage: (dir) => halve(journal(dir, -1)),
    verify: "fine",
    says: /journal\.touched.*was replaced/,
    tier: "journal",
  },
  {
    what: "the key removed: it is in memory, and the next start asks for it",
    damage: (dir) => remove(key(dir)),
    verify: "fine",
    again: /cannot open the key .*log\.key: .*ENOENT/,
  },
]

for (const row of TABLE) {
  test(`beside a server: ${row.what}`, async (t) => {
    const place = join(root, String(TABLE.indexOf(row)))
    const dir = join(place, "ledger")
    cpSync(whole, dir, { recursive: true })
    let server = await startServer(dir)
    t.after(() => server.end("SIGKILL"))
    await send(server, "before", BEFORE)
    assert.equal((await ask(server, "auditID:*")).events, RECORDS + BEFORE)
    row.damage(dir)
    const mark = server.output().length
    await send(server, "after", AFTER)
    const asked = await ask(server, "raw:* auditID:*")
    assert.equal(asked.events, ALL - (row.lacks ?? 0), asked.partial)
    if (row.partial === undefined) assert.equal(asked.partial, undefined)
    else assert.match(asked.partial ?? "", row.partial)
    assert.equal((await ask(server, "auditID:live-*")).events, BEFORE + AFTER)
    await eventually(
      "verify has its answer",
      15_000,
      async () => (await verified(dir)) === row.verify || undefined,
    )
    const said = () => server.output().slice(mark)
    const { says, tier } = row
    if (says !== undefined)
      await eventually(`it says ${says}`, 5_000, async () => says.test(said()) || undefined)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    for (const each of ["journal", "log", "segment"]) {
      const errors = seriesOf(metrics, `audit_storage_errors_total{tier="${each}"}`) ?? 0
      assert.equal(errors > 0, each === tier, `${each}: ${errors}\n${said()}`)
    }
    assert.equal(await server.end(), 0)

    if (row.again === undefined) return
    if (row.again instanceof RegExp) return await assert.rejects(startServer(dir), row.again)
    server = await startServer(dir)
    const again = await ask(server, "auditID:*")
    assert.equal(again.events, ALL - (row.again.lacks ?? 0), again.partial)
    assert.equal((await ask(server, "auditID:live-*")).events, BEFORE + AFTER)
    if (row.again.says !== undefined) assert.match(server.output(), row.again.says)
    await server.end("SIGKILL")
    rmSync(place, { recursive: true })
  })
}

/** One request for each, so that each is a group of its own. */
async function send({ url }: Server, when: string, events: number): Promise<void> {
  for (let i = 0; i < events; i++) {
    const body = eventLine(`live-${when}-${i}`)
    assert.equal((await fetch(`${url}/audit/prod-1`, { method: "POST", body })).status, 200)
  }
}

async function ask({ url }: Server, query: string) {
  const text = encodeURIComponent(`${query} | stats count_uniq(raw) n`)
  const answer = await fetch(`${url}/select/logsql/query?allow_partial_response=1&query=${text}`)
  const lines = (await answer.text()).split("\n").filter((line) => line !== "")
  assert.equal(answer.status, 200, lines.join())
  const rows: Record<string, string>[] = lines.map((line) => JSON.parse(line))
  return {
    events: Number(rows[0]?.n),
    partial: rows.find(({ _partial }) => _partial !== undefined)?._partial,
  }
}

async function verified(dir: string): Promise<string> {
  const asked = { dir, keys: [built.vkey], remembered: undefined, readers: 1 }
  return (await verifyLedger({ ...asked, now: Date.now() * 1000 })).verdict.answer
}
