import assert from "node:assert/strict"
import { test } from "node:test"
import { isRefusal } from "../base/refusal.ts"
import { RESERVED } from "../event/record.ts"
import { KnownSources } from "./known-sources.ts"

const LIMITS = { sourcesMax: 12, clusterSourcesMax: 8 }

/** How many of so many made-up sources below one are taken. */
function flood(known: KnownSources, below: string, tries = 50): number {
  return Array.from({ length: tries }, (_, i) => `${below}/made-up-${i}`).filter((source) => {
    try {
      known.add(source)
      return true
    } catch (error) {
      if (isRefusal(error, "source.tooMany")) return false
      throw error
    }
  }).length
}

test("one credential that makes up sources takes no place of another of its cluster", () => {
  const owners = ["a/loud", "a/quiet"]
  const known = new KnownSources(LIMITS, [], () => owners)
  assert.equal(flood(known, "a/loud"), 4, "half of its cluster's eight")
  assert.throws(() => known.add("a/loud/x"), {
    code: "source.tooMany",
    message: /^4 sources .* below a\/loud,/,
  })
  known.add("a/loud")
  known.add("a/quiet")
  assert.equal(flood(known, "a/quiet"), 4)
})

test("of several clusters none fills the ledger, and a credential alone in its cluster has all of its places", () => {
  const owners = ["a", "b", "c"]
  const known = new KnownSources(LIMITS, [], () => owners)
  for (const owner of owners) assert.equal(flood(known, owner), 4, "a third of the ledger's twelve")
  const alone = ["a"]
  assert.equal(flood(new KnownSources(LIMITS, [], () => alone), "a"), 8)
})

test("a restart knows whose the sources are", () => {
  const owners = ["a/loud", "a/quiet"]
  const sources = [RESERVED, "a/loud", "a/loud/1", "a/loud/2", "a/loud/3/x"]
  const known = new KnownSources(LIMITS, sources, () => owners)
  assert.equal(flood(known, "a/loud"), 1)
  assert.equal(flood(known, "a/quiet"), 4)
})

test("a credential that is new in the configuration has its source, however full its cluster is", () => {
  let owners: readonly string[] = ["a"]
  const known = new KnownSources(LIMITS, [], () => owners)
  assert.equal(flood(known, "a"), 8)
  assert.throws(() => known.add("a/new"), { code: "source.tooMany" })
  owners = ["a", "a/new"]
  known.add("a/new")
  assert.ok(known.has("a/new"))
  assert.equal(flood(known, "a/new"), 0, "places below it were taken before")
})

test("a credential counts for itself, not for the one above it", () => {
  const owners = ["a", "a/b"]
  const known = new KnownSources(LIMITS, [], () => owners)
  assert.equal(flood(known, "a/b/c"), 4)
  assert.equal(flood(known, "a"), 4)
})

test("more credentials than places: each has its own source", () => {
  const owners = Array.from({ length: 100 }, (_, i) => `a/${i}`)
  const known = new KnownSources(LIMITS, [], () => owners)
  for (const owner of owners) known.add(owner)
  assert.equal(flood(known, "a/0"), 1)
})
