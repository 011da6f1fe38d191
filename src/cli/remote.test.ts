import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { openRemote } from "./remote.ts"

const refused: [why: string, flag: "tokenFile" | "ca", text: string, said: RegExp][] = [
  ["an empty token", "tokenFile", "\n", /expected a bearer token in given, saw an empty file/],
  ["a token of two lines", "tokenFile", "one\ntwo\n", /expected a bearer token in given: one line without/],
  ["a token that no header carries", "tokenFile", "pass–word\n", /one line without spaces/],
  ["authorities that are none", "ca", "nothing\n", /expected PEM certificates in --ca: given holds no PEM/],
  [
    "authorities that are cut off",
    "ca",
    "-----BEGIN CERTIFICATE-----\nMIIB\n",
    /expected PEM certificates in --ca: given cannot be read: is the file cut off\?/,
  ],
]
for (const [why, flag, text, message] of refused) {
  test(`openRemote refuses: ${why}`, async (t) => {
    const cwd = temporaryFolder(t)
    writeFileSync(join(cwd, "given"), text)
    const opening = openRemote("https://127.0.0.1:1", { [flag]: "given" }, testWorld({ cwd }))
    await assert.rejects(opening, { code: "usage", message })
  })
}
