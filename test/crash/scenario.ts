import assert from "node:assert/strict"
import { cpSync } from "node:fs"
import { join } from "node:path"
import { isRefusal } from "../../src/base/refusal.ts"
import { RESERVED } from "../../src/event/record.ts"
import type { Disk } from "../../src/journal/disk.ts"
import type { OpenLedger } from "../../src/seal/ledger.ts"
import { checkpointOf } from "../../src/seal/remember.ts"
import type { Checkpoint } from "../../src/tlog/checkpoint.ts"
import { checkLedger } from "../support/check-ledger.ts"
import { type TestLedger, testLedger, testRecord, testSigner } from "../support/ledger.ts"
import { volatileDisk } from "./volatile-disk.ts"

/** Blocks of the ledger that every run begins with: the second block of a run fills a tile. */
const BLOCKS_BEFORE = 254

/** Of these records the ledger is told that a segment has them. */
const SEGMENTED = 100

/** A ledger just before its first full tile, to be copied for each run. */
export async function makeTemplate(root: string, disk: Disk): Promise<void> {
  const ledger = testLedger(root)
  await ledger.init({ disk })
  const open = await ledger.open({ disk, seal: { recordsMax: 1 } })
  const bodies = Array.from({ length: BLOCKS_BEFORE - 2 }, (_, at) => testRecord(`before-${at}`))
  await open.journal.append(bodies)
  await open.sealer.sealOnce()
  await open.close()
  assert.equal(open.sealer.sealed.blocks, BLOCKS_BEFORE)
}

/** The same after a crash: three acknowledged records in the last journal file wait to be sealed. */
export async function makeUnsealed(template: string, root: string): Promise<readonly string[]> {
  const ledger = copyTemplate(template, root)
  const disk = volatileDisk(ledger.dir)
  const open = await ledger.open({ disk })
  const bodies = ["u1", "u2", "u3"]
  for (const body of bodies) await open.journal.append([testRecord(body)])
  disk.failAt = disk.calls
  await open.close().catch(() => undefined)
  return bodies
}

export function copyTemplate(template: string, root: string): TestLedger {
  cpSync(join(template, "ledger"), join(root, "ledger"), { recursive: true })
  return testLedger(root)
}

/** What senders and readers were told before the end. */
export type Told = { readonly acknowledged: string[]; served: Checkpoint | undefined }

/** Everything the commit path does, once or more, ended by whatever the disk does. Refusals are answers, not ends. */
export async function work(ledger: TestLedger, disk: Disk): Promise<Told> {
  const told: Told = { acknowledged: [], served: undefined }
  let open: OpenLedger | undefined
  try {
    open = await ledger.open({ disk, journal: { fileBytes: 1500 } })
    const held = open
    const send = async (...bodies: string[]) => {
      try {
        await held.journal.append(bodies.map((body) => testRecord(body, `prod/${body.slice(0, 1)}`)))
        told.acknowledged.push(...bodies)
      } catch (error) {
        assert.ok(isRefusal(error, "journal.unavailable"), String(error))
      }
    }
    const seal = async () => {
      await held.sealer.sealOnce()
      told.served = checkpointOf(held.sealer.sealed.checkpoint)
    }
    await seal()
    await Promise.all([send("a1", "a2"), send("b1")])
    await seal()
    await send("c1")
    await send(`a3${"x".repeat(1500)}`)
    await seal()
    await send("b2")
    await held.sealer.segmented(SEGMENTED)
    await held.heartbeat().catch((error) => assert.ok(isRefusal(error) || "syscall" in error, String(error)))
    await send("c2")
    await seal()
  } catch (error) {
    assert.ok(isRefusal(error) || (error instanceof Error && "syscall" in error), String(error))
  } finally {
    await open?.close().catch((error) => assert.ok("syscall" in error || isRefusal(error), String(error)))
  }
  return told
}

/** Starts again on a sound disk and verifies everything: nothing acknowledged is lost, nothing is there twice. */
export async function checkAfter(ledger: TestLedger, told: Told, disk: Disk): Promise<void> {
  ledger.troubles.length = 0
  const open = await ledger.open({ disk })
  assert.deepEqual(ledger.troubles, [], "a crash leaves no damage")
  await open.sealer.sealOnce()
  await open.journal.append([testRecord("after")])
  await open.close()
  const { records } = checkLedger(ledger.dir, testSigner(), told.served, SEGMENTED)
  const bodies = records
    .filter(({ kind }) => kind !== RESERVED)
    .map(({ body }) => Buffer.from(body).toString())
  const kept = bodies.filter((body) => told.acknowledged.includes(body))
  assert.deepEqual(
    kept.toSorted(),
    told.acknowledged.toSorted(),
    "each acknowledged record is there exactly once",
  )
  assert.equal(new Set(bodies).size, bodies.length, "nothing is there twice")
  assert.equal(bodies.at(-1), "after")
}
