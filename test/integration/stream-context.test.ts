/** `| stream_context` through the front door: the rows below were printed by VictoriaLogs 1.52.1 for the same lines. */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type Server, startServer } from "../support/server.ts"

let root: string
let server: Server

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-context-"))
  server = await startServer(join(root, "data"))
  const isHit = (minute: number, stream: string) => minute === 5 || (minute === 7 && stream === "b")
  const lines = Array.from({ length: 10 }, (_, minute) =>
    ["a", "b"].map((s) => ({
      _time: `2026-01-02T03:0${minute}:00Z`,
      _msg: `m${minute}${isHit(minute, s) ? " hit" : ""}`,
      s,
    })),
  ).flat()
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("")
  const url = `${server.url}/insert/jsonline?_stream_fields=s&_time_field=_time&_msg_field=_msg`
  assert.equal((await fetch(url, { method: "POST", body })).status, 200)
})

after(async () => {
  assert.equal(await server.end(), 0, server.output())
  await rm(root, { recursive: true, force: true })
})

async function ask(query: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${server.url}/select/logsql/query?query=${encodeURIComponent(query)}`)
  return { status: answer.status, text: await answer.text() }
}

async function told(query: string): Promise<string> {
  const { status, text } = await ask(query)
  assert.equal(status, 200, text)
  const rows = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
  return rows.map(({ _msg, s = "" }) => `${_msg === "---" ? "---" : `${_msg.split(" ")[0]}${s}`}`).join(" ")
}

const ROWS: readonly [why: string, query: string, rows: string][] = [
  [
    "groups end where the next match begins, and no row stands twice",
    "hit | stream_context before 2 after 1",
    "m3a m4a m5a m6a --- m3b m4b m5b m6b --- m7b m8b ---",
  ],
  ["only before", "hit | stream_context before 1 | fields _msg, s", "m4a m5a --- m4b m5b --- m6b m7b ---"],
  [
    "no farther than the window",
    "hit | stream_context after 3 time_window 2m | fields _msg, s",
    "m5a m6a m7a --- m5b m6b --- m7b m8b m9b ---",
  ],
  ["nothing around it, and no line between", 'hit s:="a" | stream_context before 0', "m5a"],
  ["nothing matches", "nosuchword | stream_context before 3", ""],
  ["at the edge of the stream", "m0 | stream_context before 5 after 1", "m0a m1a --- m0b m1b ---"],
  [
    "pipes behind it see the neighbours",
    "hit | stream_context before 1 | filter m4 | fields _msg, s",
    "m4a m4b",
  ],
]
for (const [why, query, rows] of ROWS) {
  test(`stream_context: ${why}`, async () => assert.equal(await told(query), rows))
}

test("behind the last row of a group stands a line a nanosecond later", async () => {
  const { text } = await ask('hit s:="a" | stream_context after 1')
  const [, , line] = text.split("\n")
  const { _time, _msg, _stream } = JSON.parse(line ?? "")
  assert.deepEqual([_time, _msg], ["2026-01-02T03:06:00.000000001Z", "---"])
  assert.match(_stream, /s="a"/)
})

const REFUSED: readonly [why: string, query: string, said: RegExp][] = [
  [
    "it does not stand behind the filter",
    "hit | limit 5 | stream_context before 1",
    /right behind the filter/,
  ],
  ["more than a person reads", "hit | stream_context before 1001", /at most 1000 records/],
  ["neither before nor after", "hit | stream_context time_window 5m", /expected before N or after N/],
]
for (const [why, query, said] of REFUSED) {
  test(`stream_context is refused where ${why}`, async () => {
    const { status, text } = await ask(query)
    assert.ok(status >= 400 && status < 500, `${status}`)
    assert.match(text, said)
  })
}
