import type { Micros } from "../base/time.ts"
import { parsePipes } from "./parse.ts"
import { newRow, type Row } from "./row.ts"
import type { Budget, Pipe, RunScene, Sink } from "./tree.ts"

/** Holds nothing back from anyone: for tests and small inputs. */
export const NO_BUDGET: Budget = { charge: () => true }

/** Connects pipes: rows put into what comes back go through all of them and then to `last`. */
export function connectPipes(pipes: readonly Pipe[], last: Sink, scene: RunScene): Sink {
  return pipes.reduceRight((next, pipe) => pipe.run(next, scene), last)
}

/** Whether the pipe holds rows or groups until the end, and so may need a budget. */
export function holdsRows({ shape }: Pipe): boolean {
  return shape?.kind !== "each" && shape?.kind !== "limit" && shape?.kind !== "offset"
}

/** Takes every row that comes. */
export class Collected implements Sink {
  readonly rows: Row[] = []

  take(row: Row): boolean {
    this.rows.push(row)
    return true
  }

  end(): void {}
}

/** A row as a list of fields, in their order. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/**
 * Runs pipes over rows in memory: `runPipes("stats by (a) count() n", rows)`. Rows may be objects or lists of pairs; they
 * come back as they were given. Relative times count from `now`.
 */
export function runPipes<R extends Row | Pairs>(text: string, rows: readonly R[], now: Micros = 0): R[] {
  const pipes = parsePipes(text)
  const collected = new Collected()
  const head = connectPipes(pipes, collected, { now, clock: now, budget: NO_BUDGET, random: steadyRandom() })
  for (const row of rows) if (!head.take(isPairs(row) ? fromPairs(row) : newRow(row))) break
  head.end()
  const asPairs = rows.length > 0 && rows.every(isPairs)
  return collected.rows.map((row) => (asPairs ? Object.entries(row) : row) as R)
}

/** The same numbers in every run: a sample of given rows can be repeated. */
export function steadyRandom(): () => number {
  let state = 0x9e3779b9
  return () => {
    // xorshift32 (Marsaglia 2003).
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

function isPairs(row: Row | Pairs): row is Pairs {
  return Array.isArray(row)
}

function fromPairs(pairs: Pairs): Row {
  const row = newRow()
  for (const [name, value] of pairs) row[name] = value
  return row
}
