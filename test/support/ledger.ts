import { join } from "node:path"
import type { Refusal } from "../../src/base/refusal.ts"
import type { NewRecord } from "../../src/event/record.ts"
import { initLedger } from "../../src/seal/init-ledger.ts"
import { type LedgerOptions, type OpenLedger, openLedger } from "../../src/seal/ledger.ts"
import { openRemembered, type Remembered } from "../../src/seal/remember.ts"
import { openSigner, type Signer } from "../../src/tlog/signer.ts"

export const ORIGIN = "ledger.example.com/test"
export const START = Date.UTC(2026, 10, 20, 18, 0, 0) * 1000

/** A key that every run has: its secret is `byte`, 32 times. */
export function testSigner(byte = 1, name = ORIGIN): Signer<"ed25519"> {
  return openSigner({ kind: "ed25519", name, seed: new Uint8Array(32).fill(byte) })
}

/** Bytes that differ, and are the same in every run. */
export function testRandom(): (bytes: number) => Uint8Array {
  let drawn = 0
  return (bytes) => new Uint8Array(bytes).fill(++drawn % 251)
}

export function testRecord(body: string | Uint8Array, source = "prod-1/apiserver-0"): NewRecord {
  return { source, kind: "k8s.audit", words: [], body: typeof body === "string" ? Buffer.from(body) : body }
}

export type TestLedger = {
  readonly dir: string
  readonly remembered: Remembered
  readonly troubles: Refusal[]
  readonly fatals: unknown[]
  /** Moves by a millisecond whenever it is read. */
  readonly clock: { now: number }
  init(options?: Partial<LedgerOptions>): Promise<void>
  open(options?: Partial<LedgerOptions>): Promise<OpenLedger>
}

/** A ledger in a folder, with a clock, keys and random bytes of its own. */
export function testLedger(root: string): TestLedger {
  const dir = join(root, "ledger")
  const remembered = openRemembered(join(root, "remembered"))
  const clock = { now: START }
  const read = () => (clock.now += 1000)
  const troubles: Refusal[] = []
  const fatals: unknown[] = []
  const random = testRandom()
  return {
    dir,
    remembered,
    troubles,
    fatals,
    clock,
    init: (options = {}) => initLedger(dir, { signer: testSigner(), clock: read, random, ...options }),
    open: (options = {}) =>
      openLedger(dir, {
        signer: testSigner(),
        clock: read,
        steady: () => clock.now,
        random,
        reserveBytes: 4096,
        onTrouble: (trouble) => troubles.push(trouble),
        onFatal: (error) => fatals.push(error),
        ...options,
      }),
  }
}
