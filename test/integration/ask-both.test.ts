/** A running server and its directory, asked the same by every reading command: the answers are the same bytes. */
import assert from "node:assert/strict"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { run } from "../../src/cli/run.ts"
import { startServer, tallystick, temporaryFolder } from "../support/server.ts"
import { testWorld } from "../support/world.ts"

const RECORDED = resolve(import.meta.dirname, "../fixtures/real/own-1.20.2-audit.jsonl.gz")

const asked: [why: string, argv: string[], exit: number][] = [
  ["rows as JSON", ["query", "user.username:=alice", "--json"], 0],
  ["rows as CSV", ["query", "objectRef.resource:=secrets", "-o", "csv"], 0],
  ["rows as a table", ["query", "responseStatus.code:>=400", "-o", "table", "-n", "30"], 0],
  ["rows as they were received", ["query", "verb:=delete", "-o", "raw"], 0],
  ["bounds", ["query", "*", "--from", "2026-11-20T18:24:20Z", "--to", "2026-11-20T18:24:23Z", "--json"], 0],
  ["groups", ["top", "--by", "user,verb,resource,code,namespace", "-n", "500"], 0],
  ["a histogram", ["hits", "verb:in(create,update,patch,delete)"], 0],
  ["fields", ["fields", "objectRef.resource:=pods"], 0],
  ["fields of all events", ["fields"], 0],
  ["values", ["values", "agent"], 0],
  ["values as JSON, of a field inside bodies", ["values", "requestObject.kind", "-o", "json"], 0],
  ["rows, nothing cut", ["query", "verb:=delete", "-o", "wide"], 0],
  ["groups as CSV", ["top", "--by", "agent", "--sort", "bytes", "-o", "csv"], 0],
  ["a histogram by value", ["hits", "--by", "user,verb", "--step", "10s"], 0],
  ["a histogram as JSON", ["hits", "--by", "code", "-o", "json"], 0],
  ["fields as CSV", ["fields", "verb:=create", "-o", "csv"], 0],
  ["a named question", ["questions", "deletions"], 0],
  ["a named question as JSON", ["questions", "run", "refused-requests", "--json"], 0],
  ["a named question, the events themselves", ["questions", "exec-sessions", "-o", "raw"], 64],
  ["another language", ["query", '* | json | verb="delete"', "--compat", "logql", "--json"], 0],
  ["a question that cannot be read", ["query", "verb:get | sotr by (_time)"], 64],
  ["a question that cannot be asked of a tail", ["tail", "* | stats count() n"], 64],
]

test("a directory and its server give the same answers", { timeout: 180_000 }, async (context) => {
  const folder = await temporaryFolder()
  const dir = join(folder.path, "data")
  const server = await startServer(dir)
  try {
    const imported = await tallystick(["import", RECORDED, "--source", "own-1", "--server", server.url])
    assert.equal(imported.code, 0, imported.stderr)
    const answer = async (argv: readonly string[], env: Record<string, string> = {}) => {
      const world = testWorld({ cwd: folder.path, env })
      return { code: await run(argv, world), out: world.out(), err: world.err() }
    }
    for (const [why, argv, exit] of asked) {
      await context.test(why, async () => {
        const local = await answer([...argv, "--dir", dir])
        assert.deepEqual([local.code, local.err === ""], [exit, exit === 0], local.err)
        assert.deepEqual(await answer([...argv, "--server", server.url]), local)
        assert.deepEqual(await answer(argv, { TALLYSTICK_SERVER: server.url }), local)
        if (exit === 0) assert.ok(local.out.split("\n").length > 2, "an answer that says something")
      })
    }
    await context.test("what comes is followed, until Ctrl-C: a good end", async () => {
      const body = Buffer.from(
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"live","stage":"ResponseComplete","verb":"get","user":{"username":"live"}}\n',
      )
      const sides = [
        ["tail", "user.username:=live | fields auditID", "--since", "1h", "--dir", dir],
        [
          ...["query", "user.username:=live | fields auditID", "--follow"],
          ...["--since", "1h", "--server", server.url],
        ],
      ]
      const ends = sides.map((argv) => followUntil(argv, "live", folder.path))
      const answer = await fetch(`${server.url}/audit/own-1`, { method: "POST", body })
      assert.equal(answer.status, 200)
      assert.deepEqual(await Promise.all(ends), [
        { code: 0, out: '{"auditID":"live"}\n' },
        { code: 0, out: '{"auditID":"live"}\n' },
      ])
    })
  } finally {
    await server.end()
    await folder.remove()
  }
})

/** Runs a command and stops it, as Ctrl-C does, when it has printed the text. */
async function followUntil(argv: readonly string[], text: string, cwd: string) {
  const stop = new AbortController()
  const world = testWorld({ cwd, clock: () => Date.now() * 1000, stop: stop.signal })
  const { write } = world.stdout
  world.stdout.write = (written) => {
    if (String(written).includes(text)) stop.abort()
    return write(written)
  }
  return { code: await run(argv, world), out: world.out() }
}
