import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { gzipSync } from "node:zlib"
import { testWorld } from "../../test/support/world.ts"
import { LineCutter } from "../intake/file-lines.ts"
import { CellSum } from "../policy/cell-sum.ts"
import { createSightingReader } from "../policy/sighting.ts"
import { ALL_BUT_NAMES } from "../policy/told-apart.ts"
import { type Cell, Traffic } from "../policy/traffic.ts"
import { sumTraffic } from "./traffic-cells.ts"

let folder = ""
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tallystick-cells-"))
})
after(() => rm(folder, { recursive: true }))

/** More than one thread reads alone, with all that may stand between events. */
const LINES = 15_000
function content(): Buffer {
  const lines = Array.from({ length: LINES }, (_, i) => {
    const event = {
      ...{
        level: "Metadata",
        auditID: `a-${i}`,
        stage: i % 2 === 0 ? "RequestReceived" : "ResponseComplete",
      },
      ...{ verb: ["get", "list", "update"][i % 3], user: { username: `user-${i % 17}`, groups: ["é", "b"] } },
      objectRef: { resource: "pods", namespace: `ns-${i % 7}`, name: `pod-${i}` },
      ...{ requestURI: `/api/v1/namespaces/ns-${i % 7}/pods/pod-${i}`, userAgent: "x".repeat(i % 1_000) },
      stageTimestamp: new Date(1_795_000_000_000 + i).toISOString().replace("Z", "000Z"),
    }
    const text = JSON.stringify(event)
    if (i % 1_009 === 0) return text.slice(0, 100)
    if (i % 2_003 === 0) return `${text}\r`
    if (i % 3_001 === 0) return `\n${"\0".repeat(5_000)}${text}`
    return i % 4_001 === 0 ? "no event" : text
  })
  return Buffer.from(lines.join("\n")) // the last line without its newline
}

/** Line by line, one event after the other. */
function expectedOf(bytes: Buffer) {
  const found: Cell[] = []
  const cells = new CellSum({ apart: ALL_BUT_NAMES, onCells: (more) => found.push(...more) })
  const traffic = new Traffic({ apart: ALL_BUT_NAMES, onCells: (parts, whole) => cells.add(parts, whole) })
  const read = createSightingReader()
  const cutter = new LineCutter(0)
  let notUnderstood = 0
  for (const line of [...cutter.push(bytes).lines, ...cutter.finish().lines]) {
    const sighting = read(line.bytes)
    if (sighting === undefined) notUnderstood++
    else traffic.add(sighting)
  }
  traffic.flush()
  cells.flush()
  return { seen: traffic.seen, notUnderstood, cells: found.map(comparable) }
}

/** What threads may tell in another order. */
function comparable({ attributes, tallies }: Cell) {
  const { path: _, name: __, ...rest } = attributes
  const sorted = [...tallies].sort((a, b) => (a.stage < b.stage ? -1 : 1))
  return {
    attributes: rest,
    tallies: sorted.map(({ examples, ...tally }) => ({ ...tally, of: examples.length })),
  }
}

const kinds: readonly [what: string, make: (bytes: Buffer) => Buffer][] = [
  ["lines", (bytes) => bytes],
  ["packed lines", (bytes) => gzipSync(bytes)],
  ["one list of events", (bytes) => listOf(bytes)],
]

function listOf(bytes: Buffer): Buffer {
  const items = bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => /^\{.*\}\r?$/.test(line))
  return Buffer.from(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${items.join(",")}]}`)
}

for (const [what, make] of kinds) {
  test(`several threads sum up ${what} as one does`, async () => {
    const plain = content()
    const bytes = make(plain)
    await writeFile(join(folder, "audit.log"), bytes)
    const found: Cell[] = []
    const { input, seen } = await sumTraffic({ on: ["audit.log"] }, testWorld({ cwd: folder }), {
      apart: ALL_BUT_NAMES,
      onCells: (cells) => found.push(...cells),
    })
    if (what === "one list of events") {
      assert.equal(seen.events, listOf(plain).toString().split('"auditID"').length - 1)
      return
    }
    const { notUnderstood } = input
    assert.deepEqual({ seen, notUnderstood, cells: found.map(comparable) }, expectedOf(plain))
  })
}

test("what a thread cannot do is an error of the whole, and no thread stays", async () => {
  const stop = new AbortController()
  const world = testWorld({ cwd: folder, stop: stop.signal })
  await writeFile(join(folder, "audit.log"), content())
  const onCells = () => {
    throw new Error("cells that nobody wants")
  }
  await assert.rejects(sumTraffic({ on: ["audit.log"] }, world, { apart: ALL_BUT_NAMES, onCells }), {
    message: "cells that nobody wants",
  })
})
