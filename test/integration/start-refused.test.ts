import assert from "node:assert/strict"
import { rmSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { newKey, writeKey } from "../../src/seal/keys.ts"
import { type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"

/** Starts that cannot be: each says what it saw and what to do, ends with 2, and is never called a bug. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server
before(async () => {
  folder = await temporaryFolder()
  server = await startServer(join(folder.path, "ledger"))
})
after(async () => {
  await server.end()
  await folder.remove()
})

const run = (...args: string[]) =>
  tallystick(args, { cwd: folder.path, env: { XDG_STATE_HOME: join(folder.path, "state") } })

test("a ledger that is held: the process that holds it is named", async () => {
  const { code, stderr } = await run("start", "--dir", join(folder.path, "ledger"), "--port", "0")
  assert.equal(code, 2)
  const who = `process ${server.child.pid}`
  assert.match(
    stderr,
    new RegExp(`${who}, a server at ${server.url}, holds .*/ledger: go to that one, or stop it`),
  )
})

test("a port that is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => other.once("listening", resolve))
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await run("start", "--dir", join(folder.path, "second"), "--port", String(port))
  other.close()
  assert.equal(code, 2)
  const who = process.platform === "linux" ? ` \\(process ${process.pid}, ` : "\n"
  assert.match(
    stderr,
    new RegExp(`cannot listen on 127.0.0.1:${port}: something listens there already${who}`),
  )
  assert.match(stderr, /choose another listen\.port/)
})

test("an address this machine does not have", async () => {
  const dir = join(folder.path, "third")
  const address = ["--set", "listen.address=192.0.2.1", "--set", "listen.insecure=true"]
  const { code, stderr } = await run("start", "--dir", dir, "--port", "0", ...address)
  assert.equal(code, 2)
  assert.match(stderr, /cannot listen on 192\.0\.2\.1:0: this machine has no such address/)
})

test("no ledger: to make one is the advice, not to make a key", async () => {
  const { code, stderr } = await run("serve", "--dir", join(folder.path, "none"))
  assert.equal(code, 2)
  assert.match(
    stderr,
    /none holds no ledger: there is no log\/checkpoint\n {2}tallystick init makes a ledger/,
  )
})

test("a first start that was ended when it had its key: the next goes on under that name", async (t) => {
  const dir = join(folder.path, "begun")
  const key = newKey("localhost/tallystick-begun")
  writeKey(join(dir, "keys", "log.key"), key)
  const begun = await startServer(dir)
  t.after(() => begun.end())
  const checkpoint = await (await fetch(`${begun.url}/log/checkpoint`)).text()
  assert.equal(checkpoint.split("\n")[0], key.name)
})

test("a redaction key that is cut or gone: what belongs there, not what belongs to a log key", async () => {
  const dir = join(folder.path, "keyed")
  const made = await startServer(dir)
  await made.end()
  const key = join(dir, "keys", "redaction.key")
  writeFileSync(key, "c2hvcnQ=\n")
  const cut = await run("start", "--dir", dir, "--port", "0")
  rmSync(key)
  const gone = await run("serve", "--dir", dir, "--set", "listen.port=0")
  for (const { code, stderr } of [cut, gone]) {
    assert.equal(code, 2)
    assert.match(stderr, /redaction\.key/)
    assert.match(stderr, /32 bytes in base64/)
    assert.doesNotMatch(stderr, /hex digits|keys new/)
  }
})

test("a directory that cannot be", async () => {
  writeFileSync(join(folder.path, "file"), "")
  const { code, stderr } = await run("start", "--dir", join(folder.path, "file", "ledger"), "--port", "0")
  assert.equal(code, 2)
  assert.match(stderr, /the system refused: ENOTDIR: .*file\/ledger/)
  assert.doesNotMatch(stderr, /bug| {4}at /)
})
