import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gzipSync } from "node:zlib"
import Fastify from "fastify"
import { addRoutes, type Route } from "../../src/api/route.ts"
import { importRoutes } from "../../src/api/routes/import.ts"
import { isRefusal } from "../../src/base/refusal.ts"
import { importCommand } from "../../src/cli/commands/import.ts"
import { quarantineList } from "../../src/cli/commands/quarantine-list.ts"
import { quarantineShow } from "../../src/cli/commands/quarantine-show.ts"
import { problemOf } from "../../src/cli/run.ts"
import { formatWords, type NewRecord } from "../../src/event/record.ts"
import type { ImportDone } from "../../src/intake/import-request.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { testWorld } from "../support/world.ts"

/** The import route over a list, and a query route that knows the two questions of these commands. */
async function serve(context: TestContext) {
  const ledger: NewRecord[] = []
  const done: ImportDone[] = []
  const tokens: (string | undefined)[] = []
  const query: Route = {
    url: "/select/logsql/query",
    methods: ["POST"],
    needs: "nobody",
    schema: { summary: "" },
    handle: async (request) => {
      let form = ""
      for await (const chunk of request.raw as AsyncIterable<Uint8Array>)
        form += Buffer.from(chunk).toString()
      return answerOf(new URLSearchParams(form).get("query") ?? "")
    },
  }
  function answerOf(text: string): string {
    const sha256 = /"([0-9a-f]{64})"/.exec(text)?.[1]
    if (sha256 !== undefined) return done.some((one) => one.sha256 === sha256) ? '{"record":"1"}\n' : ""
    if (text.includes("kind:=tallystick")) return "" // nobody replayed or dismissed anything
    const one = /record:=(\d+)/.exec(text)?.[1]
    return ledger
      .map(({ source, kind, words, body }, record) => ({
        record: String(record),
        receivedAt: "2026-01-02T03:04:05.000006Z",
        source,
        kind,
        words: formatWords(words).trim(),
        raw: Buffer.from(body).toString(),
      }))
      .filter(({ record, words }) => (one === undefined ? words.includes("quarantined") : record === one))
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("")
  }
  const imports = importRoutes({
    isOpen: true,
    redactor: undefined,
    deliver: async (batch) => {
      ledger.push(...batch)
      return { first: ledger.length - batch.length, count: batch.length }
    },
    onAcked: () => undefined,
    onTrouble: () => undefined,
    onImported: async (one) => void done.push(one),
  })
  const app = Fastify({ exposeHeadRoutes: false })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", (_request, _payload, ready) => ready(null))
  app.setErrorHandler((error, request, reply) => {
    assert.ok(isRefusal(error), String(error))
    request.raw.resume()
    return reply.code(Number(problemOf(error).status)).send(problemOf(error))
  })
  addRoutes(app, [...imports, query], async ({ headers }) => {
    tokens.push(headers.authorization)
    return { name: "anonymous", source: "local", verbs: ["write"] }
  })
  const url = await app.listen({ host: "127.0.0.1", port: 0 })
  context.after(() => app.close())
  return { ledger, done, tokens, url }
}

const lines = (...ids: number[]) => ids.map((id) => eventLine(id)).join("")

test("import sends files as they stand, tells what became of them, and what was imported before", async (t) => {
  const { ledger, done, url } = await serve(t)
  const cwd = temporaryFolder(t)
  const packed = gzipSync(lines(1, 2))
  writeFileSync(join(cwd, "a.gz"), packed)
  writeFileSync(join(cwd, "b.jsonl"), `${lines(3)}{"kind":"Event"\n`)
  const world = testWorld({ cwd })
  const options = { server: url, source: "prod-1/old" }
  assert.equal(await importCommand.run(["a.gz", "b.jsonl"], options, world), 0)
  const id = done[0]?.id ?? ""
  assert.match(id, /^20260102T030405Z-[0-9a-f]{8}$/)
  assert.deepEqual(
    ledger.map(({ source, words }) => [source, formatWords(words)]),
    [
      ...Array(3).fill(["prod-1/old", ` imported=${id}`]),
      ["prod-1/old", ` imported=${id} quarantined=cutOff`],
    ],
  )
  assert.deepEqual(done, [
    {
      id,
      name: "a.gz",
      bytes: packed.length,
      sha256: createHash("sha256").update(packed).digest("hex"),
      records: 2,
      first: 0,
      last: 1,
    },
    { ...done[1], id, name: "b.jsonl", records: 2, first: 2, last: 3 },
  ])
  assert.match(world.out(), /^a\.gz: 2 records from .*\n {2}records 0 to 1, marked imported=/)
  assert.match(world.out(), /1 record could not be understood/)
  assert.equal(world.err(), "")

  const again = testWorld({ cwd })
  assert.equal(await importCommand.run(["a.gz"], { ...options, json: true }, again), 0)
  assert.match(again.err(), /a\.gz was imported before/)
  assert.equal(JSON.parse(again.out()).records, 2)
})

test("import reads standard input, and sends a token to this machine", async (t) => {
  const { ledger, tokens, url } = await serve(t)
  const cwd = temporaryFolder(t)
  writeFileSync(join(cwd, "token"), "secret\n")
  const world = testWorld({ cwd, input: lines(1, 2, 3) })
  assert.equal(await importCommand.run(["-"], { server: url, source: "c", tokenFile: "token" }, world), 0)
  assert.equal(ledger.length, 3)
  assert.deepEqual(tokens, ["Bearer secret"])
})

test("import refuses with the server's own code, even while a large file is on its way", async (t) => {
  const { url } = await serve(t)
  const cwd = temporaryFolder(t)
  writeFileSync(join(cwd, "x.yaml"), `kind: Event\n${"# padding\n".repeat(2_000_000)}`)
  const world = testWorld({ cwd })
  await assert.rejects(importCommand.run(["x.yaml"], { server: url, source: "c" }, world), {
    code: "import.format",
  })
  await assert.rejects(
    importCommand.run(["-"], { server: "http://127.0.0.1:1", source: "c" }, testWorld({ cwd })),
    {
      code: "server.unreachable",
    },
  )
})

const refused: [why: string, files: string[], options: Record<string, string>, code: string][] = [
  ["a file that is not there", ["none"], {}, "input.unreadable"],
  ["a folder", ["."], {}, "input.unreadable"],
  ["standard input twice", ["-", "-"], {}, "usage"],
  ["a server that is no URL", ["-"], { server: "there" }, "usage"],
  [
    "a token over plain http to elsewhere",
    ["-"],
    { server: "http://example.com", tokenFile: "token" },
    "usage",
  ],
  ["a source that is the ledger's own", ["-"], { source: "tallystick" }, "source.reserved"],
]
for (const [why, files, options, code] of refused) {
  test(`import refuses: ${why}`, async (t) => {
    const cwd = temporaryFolder(t)
    writeFileSync(join(cwd, "token"), "secret")
    const given = { server: "http://127.0.0.1:1", source: "c", ...options }
    await assert.rejects(importCommand.run(files, given, testWorld({ cwd })), { code })
  })
}

test("quarantine lists what was not understood, escaped, and shows its exact bytes", async (t) => {
  const { ledger, url } = await serve(t)
  const cwd = temporaryFolder(t)
  const bad = '{"auditID":"\x1b[31m\u202e","stage":'
  await importCommand.run(
    ["-"],
    { server: url, source: "c" },
    testWorld({ cwd, input: `${lines(1)}${bad}\n` }),
  )
  assert.equal(ledger.length, 2)

  const list = testWorld({ cwd })
  assert.equal(await quarantineList.run([], { server: url }, list), 0)
  assert.match(
    list.out(),
    /^record +received +source +reason +size +preview\n +1 +2026-01-02T03:04:05\.000006Z +c +syntax +30 +\{/,
  )
  assert.ok(!list.out().includes("\x1b") && list.out().includes("\\x1b[31m\\u202e"))

  const none = testWorld({ cwd })
  assert.equal(await quarantineList.run([], { server: url, reason: "depth" }, none), 0)
  assert.equal(none.out(), "nothing is quarantined\n")

  const json = testWorld({ cwd })
  await quarantineList.run([], { server: url, json: true }, json)
  const { record, reason, size, why } = JSON.parse(json.out())
  assert.deepEqual([record, reason, size], [1, "syntax", 30])
  assert.match(why, /not JSON/)

  const show = testWorld({ cwd })
  assert.equal(await quarantineShow.run(["1"], { server: url }, show), 0)
  assert.equal(show.out(), bad)
  const terminal = { ...show.stdout, isTTY: true }
  const seen = testWorld({ cwd, stdout: { ...terminal, write: (text) => show.stdout.write(text) } })
  await quarantineShow.run(["1"], { server: url }, seen)
  assert.ok(show.out().endsWith('{"auditID":"\\x1b[31m\\u202e","stage":\n'))

  await assert.rejects(quarantineShow.run(["0"], { server: url }, testWorld({ cwd })), {
    code: "record.notQuarantined",
  })
  await assert.rejects(quarantineShow.run(["x"], { server: url }, testWorld({ cwd })), { code: "usage" })
})

test("a large file waits for a slow server without a listener left behind each time", async (t) => {
  const { ledger, url } = await serve(t)
  const cwd = temporaryFolder(t)
  writeFileSync(join(cwd, "large.jsonl"), lines(...Array.from({ length: 40_000 }, (_, i) => i)))
  const warned: string[] = []
  const onWarning = ({ name }: Error) => warned.push(name)
  process.on("warning", onWarning)
  t.after(() => process.off("warning", onWarning))
  const world = testWorld({ cwd })
  assert.equal(await importCommand.run(["large.jsonl"], { server: url, source: "prod-1" }, world), 0)
  assert.equal(ledger.length, 40_000)
  assert.deepEqual(warned, [])
})
