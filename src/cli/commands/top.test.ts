import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { placeRecords, writeJournal } from "../../../test/support/journal-file.ts"
import { recordedLog } from "../../../test/support/recorded.ts"
import { temporaryFolder } from "../../../test/support/temporary.ts"
import { type TestWorld, testWorld } from "../../../test/support/world.ts"
import { decide, loadPolicy, PRESETS } from "../../policy/index.ts"
import { createSightingReader } from "../../policy/sighting.ts"
import { attributesSeen } from "../../policy/traffic.ts"
import { FIELD_WORDS } from "../field-words.ts"
import { run } from "../run.ts"

/** What an API server recorded, counted by a loop over its lines. */
const LINES = recordedLog()

async function recordedWorld(context: TestContext): Promise<TestWorld> {
  const cwd = temporaryFolder(context)
  await writeJournal(join(cwd, "data", "journal"), placeRecords(LINES.map((body) => ({ body }))), 500)
  return testWorld({ cwd })
}

/** Without the events of earlier stages of requests whose later stages are there. Clients may choose an auditID twice. */
function lastStages(): readonly string[] {
  const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]
  const events = LINES.map((line) => ({
    line,
    event: JSON.parse(line) as { auditID: string; stage: string },
  }))
  const latest = new Map<string, number>()
  for (const { event } of events) {
    const stage = Math.min(2, stages.indexOf(event.stage))
    latest.set(event.auditID, Math.max(stage, latest.get(event.auditID) ?? 0))
  }
  return events
    .filter(({ event }) => Math.min(2, stages.indexOf(event.stage)) === latest.get(event.auditID))
    .map(({ line }) => line)
}

function bruteForce(
  words: readonly string[],
  lines = LINES,
): ReadonlyMap<string, { events: number; bytes: number }> {
  const groups = new Map<string, { events: number; bytes: number }>()
  for (const line of lines) {
    const event: unknown = JSON.parse(line)
    const key = JSON.stringify(words.map((word) => valueAt(event, FIELD_WORDS[word] ?? word)))
    const group = groups.get(key) ?? { events: 0, bytes: 0 }
    groups.set(key, { events: group.events + 1, bytes: group.bytes + Buffer.byteLength(line) })
  }
  return groups
}

function valueAt(event: unknown, field: string): string {
  let value = event
  for (const key of field.split(".")) value = (value as Record<string, unknown> | undefined)?.[key]
  return value === undefined ? "" : Array.isArray(value) ? JSON.stringify(value) : String(value)
}

for (const by of ["user,verb,resource,code,namespace", "user", "verb,code", "level,stage", "ip,agent"]) {
  test(`top --by ${by} equals brute force over what was recorded`, async (context) => {
    const world = await recordedWorld(context)
    assert.equal(
      await run(["top", "--by", by, "-n", "10000", "--json", "--dir", "data"], world),
      0,
      world.both(),
    )
    const words = by.split(",")
    const rows = world
      .out()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>)
    const counted = rows.map((row): [string, { events: number; bytes: number }] => [
      JSON.stringify(words.map((word) => row[FIELD_WORDS[word] ?? word] ?? "")),
      { events: Number(row.events), bytes: Number(row.bytes) },
    ])
    assert.deepEqual(new Map(counted), bruteForce(words))
    const events = rows.map((row) => Number(row.events))
    assert.deepEqual(
      events,
      events.toSorted((a, b) => b - a),
      "the most first",
    )
  })
}

test("top --requests counts each request once", async (context) => {
  const world = await recordedWorld(context)
  assert.equal(
    await run(["top", "--by", "user,code", "--requests", "-n", "99", "--json", "--dir", "data"], world),
    0,
  )
  const counted = world
    .out()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>)
    .map((row): [string, { events: number; bytes: number }] => [
      JSON.stringify([row["user.username"] ?? "", row["responseStatus.code"] ?? ""]),
      { events: Number(row.requests), bytes: Number(row.bytes) },
    ])
  assert.deepEqual(new Map(counted), bruteForce(["user", "code"], lastStages()))
})

test("top: the table says how much of all it shows", async (context) => {
  const world = await recordedWorld(context)
  assert.equal(await run(["top", "--by", "user", "-n", "2", "--sort", "bytes", "--dir", "data"], world), 0)
  const bytes = LINES.reduce((sum, line) => sum + Buffer.byteLength(line), 0)
  assert.match(world.out(), /^events +% +bytes {2}user\n +408 +50\.9 +602476 {2}system:apiserver\n/)
  assert.ok(world.out().endsWith(`\n2 of 8 groups; 801 events and ${bytes} bytes in all\n`), world.out())
})

const refused: [why: string, argv: string[], err: RegExp][] = [
  ["a word nobody knows", ["--by", "usr"], /there is no field "usr"; did you mean user\?/],
  ["no field", ["--by", ","], /expected fields like user,verb/],
  ["an order that is none", ["--sort", "size"], /expected --sort count or bytes/],
  ["a format that is none", ["-o", "xml"], /expected --output table, wide, json, csv, raw/],
  ["two formats", ["-o", "csv", "--json"], /--json goes without --output csv/],
  ["the events' text of groups", ["-o", "raw"], /--output raw shows whole records/],
]
for (const [why, argv, err] of refused) {
  test(`top refuses: ${why}`, async (context) => {
    const world = await recordedWorld(context)
    assert.equal(await run(["top", ...argv, "--dir", "data"], world), 64)
    assert.match(world.err() + world.out(), err)
  })
}

const CIS = PRESETS.find(({ name }) => name === "cis")!.text

test("top --by rule counts what each rule of a policy decides, event by event", async (context) => {
  const world = await recordedWorld(context)
  await writeFile(join(world.cwd, "cis.yaml"), CIS)
  const argv = ["top", "--by", "rule", "--policy", "cis.yaml", "--json", "--dir", "data"]
  assert.equal(await run(argv, world), 0, world.both())
  const policy = loadPolicy(CIS)
  const expected = new Map<string, { events: number; bytes: number }>()
  for (const line of LINES) {
    const { rule } = decide(policy, attributesSeen(createSightingReader()(Buffer.from(line))!))
    const key = rule === undefined ? "none matches" : String(rule + 1)
    const sum = expected.get(key) ?? { events: 0, bytes: 0 }
    expected.set(key, { events: sum.events + 1, bytes: sum.bytes + Buffer.byteLength(line) })
  }
  const rows = world
    .out()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>)
  const found = rows.map(
    (row) => [row.rule, { events: Number(row.events), bytes: Number(row.bytes) }] as const,
  )
  assert.deepEqual(new Map(found), expected)
  assert.ok(expected.size > 3)
})

const refusedByRule: [why: string, argv: string[], code: number, err: RegExp][] = [
  [
    "no policy is recorded",
    ["--by", "rule"],
    2,
    /no policy was recorded as in force; name one with --policy/,
  ],
  ["requests", ["--by", "rule", "--requests"], 64, /--by rule counts events/],
  ["pipes", ["--by", "rule", "--policy", "p", "* | limit 3"], 64, /a filter without pipes/],
  ["a policy for other groups", ["--policy", "p"], 64, /--policy goes with --by rule/],
]
for (const [why, argv, code, err] of refusedByRule) {
  test(`top --by rule refuses: ${why}`, async (context) => {
    const world = await recordedWorld(context)
    await writeFile(join(world.cwd, "p"), CIS)
    assert.equal(await run(["top", ...argv, "--dir", "data"], world), code)
    assert.match(world.err() + world.out(), err)
  })
}
