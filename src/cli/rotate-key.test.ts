import assert from "node:assert/strict"
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { newKey, readSigner, writeKey } from "../seal/keys.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import { loadConfig } from "./config-load.ts"
import { makeLedger } from "./make-ledger.ts"
import { openConfiguredLedger } from "./open-ledger.ts"
import { rotateKey } from "./rotate-key.ts"

const HEARD = {
  onFatal: (error: unknown) => {
    throw error
  },
}

async function made(t: TestContext) {
  const cwd = temporaryFolder(t)
  const world = testWorld({ cwd, env: { XDG_STATE_HOME: join(cwd, "state") } })
  const { config } = await loadConfig({ set: ["origin=example.com/rotate"] }, world)
  const { keyFile, verifierKey } = await makeLedger(config, world)
  const open = (key: string) => openConfiguredLedger({ ...config, key }, world, HEARD)
  return { world, config, keyFile, nextFile: `${keyFile}.next`, verifierKey, open }
}

type Made = Awaited<ReturnType<typeof made>>

type Interrupted = [
  where: string,
  act: (ledger: Made) => Promise<void>,
  newKeyWasThere: boolean,
  /** Whether a server that is started then cannot. */
  standsStill?: boolean,
]

const interrupted: Interrupted[] = [
  ["nowhere", async () => {}, false],
  [
    "when the new key was written",
    async ({ nextFile }) => writeKey(nextFile, newKey("example.com/rotate")),
    true,
  ],
  ["when the log had changed its key", changeInLog, true, true],
  [
    "when the old key was put away",
    async (ledger) => {
      await changeInLog(ledger)
      renameSync(ledger.keyFile, `${ledger.keyFile}.old`)
    },
    true,
    true,
  ],
]

async function changeInLog({ nextFile, keyFile, open }: Made): Promise<void> {
  writeKey(nextFile, newKey("example.com/rotate"))
  const ledger = await open(keyFile)
  await ledger.sealer.rotateKey(readSigner(nextFile))
  await ledger.close()
}

for (const [where, act, newKeyWasThere, standsStill] of interrupted) {
  test(`a rotation interrupted ${where} is completed by the next one`, async (t) => {
    const ledger = await made(t)
    await act(ledger)
    if (standsStill === true)
      await assert.rejects(ledger.open(ledger.keyFile), { message: /tallystick keys rotate completes it/ })
    const next = newKeyWasThere ? formatVerifierKey(readSigner(ledger.nextFile)) : undefined
    const { newer, older, oldFile } = await rotateKey(ledger.config, ledger.world)
    if (next !== undefined) assert.equal(newer, next, "no third key")
    assert.equal(formatVerifierKey(readSigner(ledger.keyFile)), newer)
    assert.ok(!existsSync(ledger.nextFile))
    if (older !== undefined) {
      assert.equal(older, ledger.verifierKey)
      assert.equal(formatVerifierKey(readSigner(oldFile ?? "")), older)
    }
    const open = await ledger.open(ledger.keyFile)
    assert.equal(open.sealer.sealed.records >= 2, true, "record 0 and the change")
    await open.close()
  })
}

test("a ledger that is in use keeps its key", async (t) => {
  const ledger = await made(t)
  const open = await ledger.open(ledger.keyFile)
  await assert.rejects(rotateKey(ledger.config, ledger.world), { code: "ledger.locked" })
  await open.close()
  assert.equal(formatVerifierKey(readSigner(ledger.keyFile)), ledger.verifierKey)
})

test("a log that cannot go on keeps its key: no record of the change would ever be sealed", async (t) => {
  const ledger = await made(t)
  const older = join(ledger.world.cwd, "older")
  cpSync(ledger.config.dir, older, { recursive: true })
  await (await ledger.open(ledger.keyFile)).close() // remembers what it signed last
  const open = await ledger.open(ledger.keyFile)
  await open.heartbeat()
  await open.close()
  rmSync(ledger.config.dir, { recursive: true })
  renameSync(older, ledger.config.dir)
  await assert.rejects(rotateKey(ledger.config, ledger.world), { code: "ledger.shrunk" })
  await assert.rejects(rotateKey(ledger.config, ledger.world), { code: "ledger.shrunk" })
  assert.equal(formatVerifierKey(readSigner(ledger.keyFile)), ledger.verifierKey)
})

test("without a ledger there is nothing to rotate", async (t) => {
  const cwd = temporaryFolder(t)
  const world = testWorld({ cwd })
  const { config } = await loadConfig({}, world)
  await assert.rejects(rotateKey(config, world), { code: "key.unreadable" })
})

/** Above what Linux gives to a process. */
const GONE = 4_194_305

test("private keys that a killed process had not put into place go with the next rotation, and with an init", async (t) => {
  const { config, world, keyFile, nextFile } = await made(t)
  const redactionKey = join(dirname(keyFile), "redaction.key")
  const others = [`${nextFile}.${process.ppid}.tmp`, `${keyFile}.tmp`, `${redactionKey}.x.tmp`]
  const leave = (...paths: readonly string[]) => {
    for (const path of paths) writeFileSync(path, "a key", { mode: 0o600 })
  }
  const left = () => readdirSync(dirname(keyFile)).filter((name) => name.includes(`.${GONE}.`))
  leave(`${nextFile}.${GONE}.tmp`, `${keyFile}.${GONE}.tmp`, ...others)
  await rotateKey(config, world)
  assert.deepEqual(left(), [])
  assert.deepEqual(
    others.filter((path) => !existsSync(path)),
    [],
    "what somebody writes just now, and what is none of ours, stays",
  )

  rmSync(config.dir, { recursive: true })
  mkdirSync(dirname(keyFile), { recursive: true })
  leave(`${keyFile}.${GONE}.tmp`, `${redactionKey}.${GONE}.tmp`)
  await makeLedger({ ...config, origin: "example.com/another" }, world)
  assert.deepEqual(left(), [])
})
