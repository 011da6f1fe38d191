import assert from "node:assert/strict"
import { copyFile, readdir, readFile, rename, truncate, unlink, writeFile } from "node:fs/promises"
import { test } from "node:test"
import { gzipSync } from "node:zlib"
import { fc } from "../support/properties.ts"
import { eventLine, Tailed } from "../support/tailed.ts"

/**
 * A log back end and a tail that are driven against each other in any order. Whatever happens, each complete line is in
 * the ledger exactly once and in the order it was written: also after a kill, since the journal tells what it holds.
 */
class Run {
  readonly t: Tailed
  readonly written: string[] = []
  #rotations = 0
  #half = ""

  constructor(t: Tailed) {
    this.t = t
  }

  /** Ends a line begun before, and writes `count` more; with `half` the beginning of one more. */
  async write(count: number, half: boolean): Promise<void> {
    let text = this.#half
    this.#half = ""
    for (let i = 0; i < count; i++) text += this.#line()
    if (half) {
      const line = this.#line()
      text += line.slice(0, 100)
      this.#half = line.slice(100)
    }
    await this.t.write("audit.log", text)
  }

  async rotate(): Promise<void> {
    await this.write(1, false)
    await rename(this.t.path("audit.log"), this.t.path(this.#backup()))
  }

  async copyAndTruncate(): Promise<void> {
    await this.write(1, false)
    await copyFile(this.t.path("audit.log"), this.t.path(this.#backup()))
    await truncate(this.t.path("audit.log"))
  }

  /** lumberjack writes the .gz beside the file and removes the file when it is whole. */
  async compress(lookBetween: boolean): Promise<void> {
    const plain = (await readdir(this.t.folder)).find((name) => /^audit-.*\.log$/.test(name))
    if (plain === undefined) return
    const whole = gzipSync(await readFile(this.t.path(plain)))
    await writeFile(this.t.path(`${plain}.gz`), whole.subarray(0, whole.length >> 1))
    if (lookBetween) await this.t.read()
    await writeFile(this.t.path(`${plain}.gz`), whole)
    if (lookBetween) await this.t.read()
    await unlink(this.t.path(plain))
  }

  async wait(): Promise<void> {
    this.t.nowMs += 6_000
  }

  async full(): Promise<void> {
    this.t.refuse = 2
  }

  async step(): Promise<void> {
    await (await this.t.tail()).step(this.t.deliver, new AbortController().signal)
  }

  /** Dies after the journal's sync and before the tail knows of it. */
  async dieInDelivery(): Promise<void> {
    const died = new Error("killed")
    const tail = await this.t.tail()
    const deliver = async (batch: Parameters<Tailed["deliver"]>[0]) => {
      this.t.append(batch)
      throw died
    }
    await tail
      .step(deliver, new AbortController().signal)
      .catch((error: unknown) => assert.equal(error, died))
    await this.t.restart("killed")
  }

  #line(): string {
    const line = eventLine(this.written.length)
    this.written.push(line.trimEnd())
    return line
  }

  #backup(): string {
    const stamp = new Date(1_700_000_000_000 + this.#rotations++ * 1000).toISOString().slice(0, 23)
    return `audit-${stamp.replaceAll(":", "-")}.log`
  }
}

const acts = {
  write: (run: Run) => run.write(3, false),
  half: (run: Run) => run.write(1, true),
  rotate: (run: Run) => run.rotate(),
  copyAndTruncate: (run: Run) => run.copyAndTruncate(),
  compress: (run: Run) => run.compress(false),
  compressSlowly: (run: Run) => run.compress(true),
  step: (run: Run) => run.step(),
  read: (run: Run) => run.t.read(),
  wait: (run: Run) => run.wait(),
  full: (run: Run) => run.full(),
  stop: (run: Run) => run.t.restart("stopped"),
  kill: (run: Run) => run.t.restart("killed"),
  dieInDelivery: (run: Run) => run.dieInDelivery(),
} as const
const words = Object.keys(acts) as (keyof typeof acts)[]

test("writes, rotations, truncations, compression, stops and kills in any order: every line once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...words), { minLength: 5, maxLength: 40 }), async (script) => {
      const t = await Tailed.open({ turnBytesMax: 700 })
      try {
        const run = new Run(t)
        for (const word of script) await acts[word](run)
        await run.write(1, false)
        await t.read()
        assert.deepEqual(t.bodies, run.written)
        assert.deepEqual(t.losses, [])
      } finally {
        await t.remove()
      }
    }),
    { numRuns: 150 },
  )
})
