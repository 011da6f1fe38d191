import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { temporaryFolder } from "../support/server.ts"

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts")

test("Ctrl-C goes to the search process too: also while that starts, nobody is told that it will start again", async (t) => {
  const dir = await temporaryFolder()
  t.after(() => dir.remove())
  // A group of its own, as a terminal makes for each command.
  const child = spawn(process.execPath, [MAIN, "start", "--dir", join(dir.path, "data"), "--port", "0"], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_STATE_HOME: dir.path },
  })
  const closed = once(child, "close") // all it said is here
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("listening on ")) continue
    process.kill(-(child.pid ?? 0), "SIGINT")
    break
  }
  const [code] = await closed
  assert.equal(code, 0, said)
  assert.match(said, /"event":"stopped"/)
  assert.doesNotMatch(said, /"event":"trouble"/)
})
