/** The search process dies again and again while events come in: no acknowledgement waits for it, none is lost with it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { eventually, startServer, tallystick, temporaryFolder } from "../support/server.ts"

const KILLS = 6
const EACH = 60

function searchOf(parent: number | undefined): number | undefined {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ")
  const found = children.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/search/child.")
    } catch {
      return false // it has ended since
    }
  })
  return found === undefined ? undefined : Number(found)
}

const event = (id: string): string =>
  `{"level":"Metadata","auditID":"${id}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{"username":"u"}}`

test("kill -9 of the search process, over and over: every event is acknowledged meanwhile, and found once afterwards", async (t) => {
  const folder = await temporaryFolder()
  t.after(() => folder.remove())
  const dir = join(folder.path, "data")
  // Segments are made all the time: it dies at every step of that.
  const server = await startServer(dir, { args: ["--set", "segments.recordsMin=100"] })
  t.after(() => server.child.kill("SIGKILL"))
  const search = async (): Promise<string | undefined> => {
    const { parts } = (await (await fetch(`${server.url}/readyz`)).json()) as {
      readonly parts: readonly { readonly part: string; readonly state: string }[]
    }
    return parts.find(({ part }) => part === "search")?.state
  }
  let sent = 0
  let withoutSearch = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const pid = await eventually("the search process runs", 20_000, async () => searchOf(server.child.pid))
    for (let i = 0; i < EACH; i++) {
      if (i === kill * 9) process.kill(pid, "SIGKILL")
      const answer = await fetch(`${server.url}/audit/prod-1`, { method: "POST", body: event(`k-${sent++}`) })
      assert.equal(answer.status, 200)
      if (i >= kill * 9 && withoutSearch <= kill && (await search()) !== "ok") withoutSearch++
    }
  }
  assert.ok(withoutSearch > 0, "events were acknowledged while it was away")
  const rows = await eventually("it answers again", 30_000, async () => {
    const answer = await fetch(
      `${server.url}/select/logsql/query?query=${encodeURIComponent("auditID:k-* | fields auditID")}`,
    )
    const text = await answer.text()
    return answer.ok ? text.trimEnd().split("\n") : undefined
  })
  assert.equal(rows.length, sent)
  assert.equal(new Set(rows).size, sent, "each once")
  assert.equal(await server.end(), 0, server.output())
  const env = { XDG_STATE_HOME: join(folder.path, "state") }
  const key = (await tallystick(["keys", "show", "--public", "--dir", dir], { env })).stdout.trim()
  const verified = await tallystick(["verify", dir, "--key", key], { env })
  assert.equal(verified.code, 0, verified.stdout)
})
