import assert from "node:assert/strict"
import { test } from "node:test"
import { namePattern, parseRotated } from "./file-names.ts"

const rotated: [why: string, name: string, base: string | undefined][] = [
  ["lumberjack", "audit-2026-01-02T15-04-05.000.log", "audit.log"],
  ["lumberjack, compressed", "audit-2026-01-02T15-04-05.000.log.gz", "audit.log"],
  ["lumberjack without an extension", "audit-2026-01-02T15-04-05.000", "audit"],
  ["logrotate", "audit.log.1", "audit.log"],
  ["logrotate, compressed", "audit.log.12.gz", "audit.log"],
  ["logrotate with zstd", "audit.log.3.zst", "audit.log"],
  ["logrotate dateext", "audit.log-20260102", "audit.log"],
  ["logrotate dateext, hourly", "audit.log-2026010203.gz", "audit.log"],
  ["the file itself", "audit.log", undefined],
  ["another stamp", "audit-2026-01-02.log", undefined],
  ["a gz of no rotation", "audit.log.gz", undefined],
]
for (const [why, name, base] of rotated) {
  test(`parseRotated reads: ${why}`, () => assert.equal(parseRotated(name)?.base, base))
}

test("rotated names sort by age", () => {
  const order = (name: string) => parseRotated(name)?.order ?? ""
  assert.ok(order("a.log.10") < order("a.log.9"))
  assert.ok(order("a-2026-01-02T15-04-05.000.log") < order("a-2026-01-02T15-04-05.001.log.gz"))
})

const patterns: [why: string, pattern: string, name: string, matches: boolean][] = [
  ["a name is itself", "audit.log", "audit.log", true],
  ["a dot is a dot", "audit.log", "auditxlog", false],
  ["a star is any run", "audit*.log", "audit-1.log", true],
  ["a star may be nothing", "audit*.log", "audit.log", true],
  ["the whole name", "audit*", "my-audit.log", false],
  ["a question mark is one character", "a?.log", "ab.log", true],
  ["not two", "a?.log", "abc.log", false],
  ["a hidden file is not meant", "*.log", ".x.log", false],
  ["unless it is said", ".*.log", ".x.log", true],
  ["brackets are letters", "a[1].log", "a[1].log", true],
]
for (const [why, pattern, name, matches] of patterns) {
  test(`namePattern: ${why}`, () => assert.equal(namePattern(pattern).test(name), matches))
}
