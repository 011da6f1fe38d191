import assert from "node:assert/strict"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { servedBy, tellServed } from "./served.ts"

const SERVED = { pid: process.pid, urls: ["http://127.0.0.1:9628"] }

test("who serves a ledger is told while it does", (t) => {
  const dir = temporaryFolder(t)
  const untell = tellServed(dir, SERVED)
  assert.deepEqual(servedBy(dir, process.pid), SERVED)
  untell()
  assert.equal(existsSync(join(dir, "serving")), false)
})

test("a disk that cannot be written fails neither the start nor the end over it, whose own reason would be lost", (t) => {
  const dir = temporaryFolder(t)
  mkdirSync(join(dir, "serving"))
  tellServed(dir, SERVED)()
})
