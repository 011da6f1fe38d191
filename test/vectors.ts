/**
 * Runs vectors that others published: `node test/vectors.ts [DIR]`. DIR is `../shared/vectors` beside the repository
 * unless given. Prints what passed and failed per file; exits with 1 when a case fails. A new file of vectors is a
 * file in test/vectors/ and a line in its table.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { isRefusal } from "../src/base/refusal.ts"
import type { VectorCase, VectorRow } from "./vectors/row.ts"
import { VECTORS } from "./vectors/table.ts"

type Count = {
  passed: number
  readonly failed: string[]
  /** What a case asks for and we say that we cannot do, by that reason. Told, and no failure. */
  readonly unsupported: Map<string, string[]>
  readonly skipped: Map<string, number>
}

const dir = resolve(process.argv[2] ?? join(import.meta.dirname, "../../shared/vectors"))
if (existsSync(dir)) {
  process.exitCode = await runAll(dir)
} else {
  console.log(`no vectors at ${dir}: nothing to run`)
}

async function runAll(dir: string): Promise<number> {
  const counts = new Map<string, Count>()
  const outside = new Map<string, string>()
  for (const path of filesOf(dir)) {
    const row = VECTORS.find(({ pattern }) => pattern.test(path))
    if (row === undefined) outside.set(path, "no row in test/vectors/table.ts")
    else if ("outside" in row) outside.set(row.title ?? path, row.outside)
    else await runFile({ dir, path, cases: row.cases, count: countOf(counts, row.title ?? path) })
  }
  return report(counts, outside)
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort()
}

function countOf(counts: Map<string, Count>, title: string): Count {
  const count = counts.get(title) ?? { passed: 0, failed: [], unsupported: new Map(), skipped: new Map() }
  counts.set(title, count)
  return count
}

async function runFile(job: {
  dir: string
  path: string
  cases: Extract<VectorRow, { cases: unknown }>["cases"]
  count: Count
}): Promise<void> {
  const { dir, path, cases, count } = job
  const read = (other: string) => readFileSync(join(dir, other))
  let found: readonly VectorCase[]
  try {
    found = cases({ path, bytes: read(path), read })
  } catch (error) {
    count.failed.push(`${path}: cannot be read as vectors: ${String(error)}`)
    return
  }
  for (const { name, run, skip } of found) {
    if (skip !== undefined) {
      count.skipped.set(skip, (count.skipped.get(skip) ?? 0) + 1)
      continue
    }
    try {
      await run()
      count.passed++
    } catch (error) {
      noteFailure(count, `${path}: ${name}`, error)
    }
  }
}

function noteFailure(count: Count, name: string, error: unknown): void {
  if (!isRefusal(error, "query.unsupported")) {
    const [why] = String(error).split("\n", 1)
    count.failed.push(`${name}: ${why}`)
    return
  }
  // Without the place, so that one reason is one line.
  const reason = error.message.replace(/, at .*$/s, "")
  count.unsupported.set(reason, [...(count.unsupported.get(reason) ?? []), name])
}

function report(counts: ReadonlyMap<string, Count>, outside: ReadonlyMap<string, string>): number {
  for (const [title, { passed, failed, unsupported, skipped }] of counts) {
    const refused = [...unsupported.values()].flat().length
    const andRefused = refused === 0 ? "" : `, ${refused} refused as unsupported`
    console.log(`${title}: ${passed} passed, ${failed.length} failed${andRefused}`)
    for (const line of failed) console.log(`    failed: ${line}`)
    for (const [why, names] of unsupported) {
      console.log(`    unsupported: ${names.length} × ${why}`)
      for (const name of names) console.log(`        ${name}`)
    }
    for (const [why, times] of skipped) console.log(`    not applicable: ${times} × ${why}`)
  }
  for (const [title, why] of outside) console.log(`${title}: not run: ${why}`)
  const failures = [...counts.values()].flatMap(({ failed }) => failed)
  const passed = [...counts.values()].reduce((sum, count) => sum + count.passed, 0)
  console.log(`${passed} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}
