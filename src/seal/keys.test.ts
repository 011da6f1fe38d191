import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ORIGIN, testSigner } from "../../test/support/ledger.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import { openKeyRotation, signKeyRotation } from "./key-rotation.ts"
import { newKey, readSigner, writeKey } from "./keys.ts"

test("a key is written for its owner alone, and read back", (t) => {
  const path = join(temporaryFolder(t), "keys", "log.key")
  writeKey(path, newKey(ORIGIN))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(
    readFileSync(path, "utf8"),
    /^PRIVATE\+KEY\+ledger\.example\.com\/test\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\n$/,
  )
  assert.equal(readSigner(path).name, ORIGIN)
  assert.throws(() => writeKey(path, newKey(ORIGIN)), { code: "key.exists" })
})

test("a process that ends while it writes a key leaves none: the next one makes it", (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, "log.key")
  const keys = new URL("./keys.ts", import.meta.url).href
  const script = `import { newKey, writeKey } from ${JSON.stringify(keys)}
    writeKey(${JSON.stringify(path)}, newKey("example.com/cut"))`
  // The kernel ends whoever writes more than nothing into a file.
  const limited = 'ulimit -f 0; exec "$0" --input-type=module -e "$1"'
  const ended = spawnSync("sh", ["-c", limited, process.execPath, script])
  assert.notEqual(ended.status, 0)
  assert.ok(!existsSync(path))
  writeKey(path, newKey(ORIGIN))
  assert.equal(readSigner(path).name, ORIGIN)
})

for (const mode of [0o640, 0o604, 0o620, 0o601]) {
  test(`a key with mode ${mode.toString(8)} is refused, with the command that mends it`, (t) => {
    const path = join(temporaryFolder(t), "log.key")
    writeKey(path, newKey(ORIGIN))
    chmodSync(path, mode)
    assert.throws(
      () => readSigner(path),
      (error: Error) => error.message.includes(`chmod 600 ${path}`),
    )
  })
}

const refused: [why: string, key: string, code: string][] = [
  ["nothing", "", "key.malformed"],
  ["two keys", `${"PRIVATE+KEY+a+00000000+AAAA\n".repeat(2)}`, "key.malformed"],
  ["a public key", formatVerifierKey(testSigner()), "key.malformed"],
]
for (const [why, key, code] of refused) {
  test(`readSigner refuses: ${why}`, (t) => {
    const path = join(temporaryFolder(t), "log.key")
    writeFileSync(path, key, { mode: 0o600 })
    assert.throws(() => readSigner(path), { code })
  })
}

test("a key file that is not there is named", (t) => {
  assert.throws(() => readSigner(join(temporaryFolder(t), "none")), { code: "key.unreadable" })
})

for (const origin of ["", "two words", "a+b", "a\nb", "https://a.example"]) {
  test(`no key for the origin ${JSON.stringify(origin)}`, () =>
    assert.throws(() => newKey(origin), { code: "usage" }))
}

test("a change of keys holds only with both signatures, over exactly this text", () => {
  const keys = [testSigner(1), testSigner(2)] as const
  const note = signKeyRotation(ORIGIN, 4711, keys)
  const { lastSize, older, newer } = openKeyRotation(note)
  assert.deepEqual([lastSize, older.keyId, newer.keyId], [4711, keys[0].keyId, keys[1].keyId])
  const lines = note.split("\n")
  for (const without of [6, 7]) {
    const one = lines.filter((_, at) => at !== without).join("\n")
    assert.throws(() => openKeyRotation(one), { code: "note.unsigned" })
  }
  assert.throws(() => openKeyRotation(note.replace("4711", "4712")), { code: "note.refuted" })
  assert.throws(() => openKeyRotation(note.replace("4711", "04711")), { code: "control.malformed" })
  const named = signKeyRotation("another.example.com", 4711, keys)
  assert.throws(() => openKeyRotation(named), { code: "control.malformed" })
})

test("a key file that is none is named: there are several", (t) => {
  const path = join(temporaryFolder(t), "log.key")
  for (const [text, said] of [
    ["hunter2", "not a signing key"],
    ["", "the file is empty"],
  ] as const) {
    writeFileSync(path, text, { mode: 0o600 })
    assert.throws(
      () => readSigner(path),
      (error: Error) => {
        assert.ok(error.message.startsWith(`${path}: ${said}`), error.message)
        return !error.message.includes("hunter2")
      },
    )
  }
})
