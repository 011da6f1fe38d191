import assert from "node:assert/strict"
import { test } from "node:test"
import { narrowSource } from "./narrow.ts"

const narrowed: [why: string, own: string, path: string, source: string][] = [
  ["no path is the credential's own", "prod-1", "", "prod-1"],
  ["a path adds to it", "prod-1", "apiserver-0", "prod-1/apiserver-0"],
  ["a path that says it again is the same", "prod-1", "prod-1/apiserver-0", "prod-1/apiserver-0"],
  ["a path that is it, is it", "prod-1", "prod-1", "prod-1"],
  ["a longer name that only begins like it is below it", "prod-1", "prod-10", "prod-1/prod-10"],
  ["several segments", "prod-1/a", "prod-1/a/b/c", "prod-1/a/b/c"],
]
for (const [why, own, path, source] of narrowed) {
  test(`narrowSource: ${why}`, () => assert.equal(narrowSource(own, path), source))
}

const refused: [why: string, path: string, code: string][] = [
  ["the ledger's own name", "tallystick", "source.reserved"],
  ["the ledger's own name further down", "a/tallystick/b", "source.reserved"],
  ["a way up", "../prod-2", "source.malformed"],
  ["an empty segment", "a//b", "source.malformed"],
  ["a slash at the end", "a/", "source.malformed"],
  ["a space", "a b", "source.malformed"],
  ["a newline", "a\nb", "source.malformed"],
  ["markup", "<b>", "source.malformed"],
  ["a segment of 64", "a".repeat(64), "source.malformed"],
  [
    "longer than 200 bytes with the credential's",
    Array(8).fill("a".repeat(24)).join("/"),
    "source.malformed",
  ],
]
for (const [why, path, code] of refused) {
  test(`narrowSource refuses: ${why}`, () => assert.throws(() => narrowSource("prod-1", path), { code }))
}
