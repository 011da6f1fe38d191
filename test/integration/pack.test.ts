import assert from "node:assert/strict"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import test, { after, before } from "node:test"
import { promisify } from "node:util"
import { eventually } from "../support/server.ts"
import { ROOT } from "../support/sources.ts"

const run = promisify(execFile)

/** The published package as npm would install it: packed, unpacked, its dependencies beside it. */
let home = ""
let installed = ""
before(async () => {
  home = await mkdtemp(join(tmpdir(), "tallystick-pack-"))
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", home], { cwd: ROOT })
  // What the build prints comes before the JSON.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.search(/^\[$/m))) as [{ filename: string }]
  await run("tar", ["-xzf", join(home, filename), "-C", home])
  const modules = join(home, "node_modules")
  await mkdir(join(modules, ".bin"), { recursive: true })
  installed = join(home, "package")
  await symlink(join(ROOT, "node_modules"), join(installed, "node_modules"))
  await symlink(installed, join(modules, "tallystick"))
  await symlink("../tallystick/dist/cli/main.js", join(modules, ".bin/tallystick"))
})
after(() => rm(home, { recursive: true, force: true }))

async function tallystick(...args: string[]) {
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(home, "state"),
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
  }
  return await run("npx", ["--no-install", "tallystick", ...args], { cwd: home, env })
}

test("npx tallystick --help works from the package alone", async () => {
  const { stdout } = await tallystick("--help")
  assert.match(stdout, /^Usage: tallystick/)
})

test("it makes a ledger", async () => {
  await tallystick("init", "--dir", "ledger", "--origin", "example.com/pack")
  assert.match(await readFile(join(home, "ledger/log/checkpoint"), "utf8"), /^example\.com\/pack\n1\n/)
})

test("it serves and searches: the processes it forks are compiled files too", async () => {
  const main = join(installed, "dist/cli/main.js")
  const child = spawn(process.execPath, [main, "serve", "--dir", "ledger", "--set", "listen.port=0"], {
    cwd: home,
    env: { ...process.env, XDG_STATE_HOME: join(home, "state") },
  })
  const ended = once(child, "exit")
  try {
    const url = await listening(child)
    const event = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      auditID: "packed",
      stage: "ResponseComplete",
    }
    const posted = await fetch(`${url}/audit/prod-1`, { method: "POST", body: JSON.stringify(event) })
    assert.equal(posted.status, 200)
    const query = new URLSearchParams({ query: "auditID:=packed | fields auditID" })
    const row = await eventually("the event is found", 10_000, async () => {
      const answer = await fetch(`${url}/select/logsql/query?${query}`)
      const text = await answer.text()
      return answer.ok && text !== "" ? text : undefined
    })
    assert.deepEqual(JSON.parse(row), { auditID: "packed" })
  } finally {
    child.kill("SIGTERM")
  }
  assert.deepEqual(await ended, [0, null])
})

test("what start prints to do next can be done from where it was started", async () => {
  const env = { ...process.env, XDG_STATE_HOME: join(home, "state"), npm_command: "exec" }
  const main = join(installed, "dist/cli/main.js")
  const child = spawn(process.execPath, [main, "start", "--dir", "tried", "--port", "0"], { cwd: home, env })
  const ended = once(child, "exit")
  try {
    const said = await until(child, /stop with Ctrl-C/)
    const file = /--data-binary @(\S+)/.exec(said)?.[1] ?? "none was named"
    assert.match(await readFile(file, "utf8"), /"kind": ?"EventList"/)
    assert.match(said, /^ {2}npx tallystick query /m)
    assert.match(said, /^ {2}npx tallystick verify .*\$\(npx tallystick keys show /m)
  } finally {
    child.kill("SIGTERM")
  }
  assert.deepEqual(await ended, [0, null])
})

/** What the child has printed when it has printed that. */
async function until(child: ChildProcess, wanted: RegExp): Promise<string> {
  let output = ""
  for await (const text of child.stdout ?? []) {
    output += String(text)
    if (wanted.test(output)) return output
  }
  throw new Error(`it ended before it printed ${wanted}: ${output}`)
}

async function listening(child: ChildProcess): Promise<string> {
  return /listening on (\S+)/.exec(await until(child, /listening on \S+\n/))?.[1] ?? ""
}

test("it holds compiled files, declarations and no tests", async () => {
  const { stdout } = await run("find", ["package/dist", "-type", "f"], { cwd: home })
  assert.match(stdout, /dist\/cli\/main\.js/)
  assert.match(stdout, /dist\/tlog\/index\.d\.ts/)
  assert.doesNotMatch(stdout, /\.test\./)
  assert.doesNotMatch(stdout, /[^d]\.ts$/m)
})
