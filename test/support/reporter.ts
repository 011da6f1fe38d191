import { appendFileSync } from "node:fs"
import { relative } from "node:path"
import type { TestEvent } from "node:test/reporters"
import { inspect } from "node:util"
import { ROOT } from "./sources.ts"

/**
 * One line for each test file, the failures in full at the end, and then `N passed, N failed`. Where
 * TEST_COUNTS_FILE names a file the counts are appended to it: .ci/run sums them up.
 */
// biome-ignore lint/style/noDefaultExport: node --test-reporter takes the default export
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = []
  let passed = 0
  let failed = 0
  let complete = false
  for await (const { type, data } of events) {
    if (type === "test:diagnostic" && data.level !== "info") yield `  ${data.message}\n`
    else if (type === "test:stderr" || type === "test:stdout") yield data.message
    else if (type === "test:fail" && !isOnlyAbove(data.details.error)) {
      failures.push(
        `✖ ${whereOf(data)} ${data.name}\n${indent(inspect(data.details.error.cause ?? data.details.error))}\n`,
      )
    } else if (type === "test:summary") {
      const { counts, file, duration_ms: ms } = data
      const bad = counts.tests - counts.passed - counts.skipped - counts.todo
      if (file === undefined) [passed, failed, complete] = [counts.passed, bad, true]
      else
        yield `${bad === 0 ? "✔" : "✖"} ${relative(ROOT, file)} ${counts.tests} tests, ${(ms / 1000).toFixed(1)} s${notes(counts)}\n`
    }
  }
  if (failures.length > 0) yield `\n${failures.join("\n")}\n`
  yield `${passed} passed, ${failed} failed\n`
  const counts = process.env.TEST_COUNTS_FILE
  if (counts !== undefined && complete) appendFileSync(counts, `${passed} ${failed}\n`)
}

/** A file or suite fails with its tests; they are shown already. */
function isOnlyAbove(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed"
}

function notes({ skipped, todo }: { readonly skipped: number; readonly todo: number }): string {
  return `${skipped === 0 ? "" : `, ${skipped} skipped`}${todo === 0 ? "" : `, ${todo} todo`}`
}

function whereOf({ file, line }: { readonly file?: string; readonly line?: number }): string {
  return file === undefined ? "" : `${relative(ROOT, file)}:${line ?? 0}`
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ")
}
