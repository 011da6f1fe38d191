import assert from "node:assert/strict"
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { isThere } from "./is-there.ts"

test("isThere: yes, no, and what cannot be told is thrown", (context) => {
  const dir = temporaryFolder(context)
  writeFileSync(join(dir, "file"), "")
  assert.equal(isThere(dir), true)
  assert.equal(isThere(join(dir, "file")), true)
  assert.equal(isThere(join(dir, "none")), false)
  assert.equal(isThere(join(dir, "none", "below")), false)
  assert.equal(isThere(join(dir, "file", "below")), false)
  // As EACCES, which the superuser never meets.
  symlinkSync("round", join(dir, "round"))
  assert.throws(() => isThere(join(dir, "round", "log")), { code: "ELOOP" })
})
