import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cp, readFile, symlink } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { after, before, test } from "node:test"
import { eventually, type Server, startServer, temporaryFolder } from "../support/server.ts"

// The guided five minutes of the README, as a newcomer types them: every command runs in a shell, against a fresh ledger.

const ROOT = resolve(import.meta.dirname, "../..")
const DEFAULT_URL = "http://127.0.0.1:9628"

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server

before(async () => {
  folder = await temporaryFolder()
  for (const name of ["src", "package.json", "tallystick", "node_modules"]) {
    await symlink(join(ROOT, name), join(folder.path, name))
  }
  await cp(join(ROOT, "examples"), join(folder.path, "examples"), { recursive: true })
  server = await startServer(join(folder.path, "data"))
})
after(async () => {
  await server.end()
  await folder.remove()
})

/** Shell blocks under "Five minutes", in order. */
async function commands(): Promise<readonly string[]> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8")
  const [, tour = ""] = /## Five minutes\n(.*?)\n## /s.exec(readme) ?? []
  return [...tour.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text)
}

async function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd: folder.path,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      TALLYSTICK_LISTEN_PORT: new URL(server.url).port,
      XDG_STATE_HOME: join(folder.path, "state"),
      NO_COLOR: "1",
    },
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
  }
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output }
}

/** What a command has to show for itself, by a word in it. */
const SHOWS: readonly [command: string, shown: RegExp][] = [
  ["objectRef.resource:=secrets", /'admin' performed 'CREATE' on 'secrets'|'alice'/],
  ["count() refused", /alice/],
  ["curl --silent", /"_msg":"'alice'/],
  ["receipt check alice.receipt", /alice|prod-1/],
  ["receipt check alice.bundle", /proved: \d+ of \d+ records/],
  ["forged.receipt", /refused, as it must be/],
  ["verify ./data", /fine/],
]

test("two commands set it up, and the first prints how to send, ask, check and point an API server at it", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8")
  const [, setUp = ""] = /## Set up\n(.*?)\n## /s.exec(readme) ?? []
  const blocks = [...setUp.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text.trim())
  assert.deepEqual(blocks, ["npm ci && npm start", "npm ci && npm test"])
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"))
  assert.equal(scripts.start, "node src/cli/main.ts start", "what this test has started")
  const printed = server.output()
  for (const said of [
    `curl --data-binary @examples/first-events.json ${server.url}/audit/prod-1`,
    "./tallystick query ",
    "./tallystick verify ",
    "--audit-webhook-config-file=webhook.yaml",
    `server: "${server.url}/audit/prod-1"`,
  ]) {
    assert.ok(printed.includes(said), said)
  }
})

test("every command of the guided use works as written", async () => {
  const blocks = await commands()
  assert.ok(blocks.length >= 7, "the README has its guided use")
  const seen = new Set<string>()
  for (const block of blocks) {
    const script = block.replaceAll(DEFAULT_URL, server.url)
    // A record is sealed within a second of its acknowledgement; people type slower than that, tests do not.
    const { output } = await eventually(`it succeeds: ${block}`, 15_000, async () => {
      const ran = await shell(script)
      if (ran.code === 0) return ran
      if (/already|exists/.test(ran.output)) throw new Error(ran.output)
      return undefined
    })
    for (const [command, shown] of SHOWS) {
      if (!block.includes(command)) continue
      assert.match(output, shown, block)
      seen.add(command)
    }
  }
  assert.equal(seen.size, SHOWS.length, "every command that shows something was found in the README")
})
