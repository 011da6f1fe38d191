import assert from "node:assert/strict"
import { cpSync, existsSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { isRefusal } from "../../src/base/refusal.ts"
import { type Disk, realDisk } from "../../src/journal/disk.ts"
import { checkLedger } from "../support/check-ledger.ts"
import { testLedger, testRecord, testSigner } from "../support/ledger.ts"
import { temporaryFolder } from "../support/temporary.ts"

/** A disk without a free byte while `full` is set, but for the room of the reserve once that was given up. */
function smallDisk(): Disk & { full: boolean; used: number; room: number } {
  const disk = { full: false, used: 0.5, room: 0 }
  return Object.assign(disk, {
    ...realDisk,
    usedShare: () => disk.used,
    remove(path: string) {
      if (path.endsWith("reserve") && existsSync(path)) disk.room = 8192
      realDisk.remove(path)
    },
    async create(path: string) {
      const file = await realDisk.create(path)
      return {
        ...file,
        async write(bytes: Uint8Array, at: number) {
          if (!disk.full) return file.write(bytes, at)
          const fits = Math.min(bytes.length, disk.room)
          disk.room -= fits
          if (fits < bytes.length) await file.write(bytes.subarray(0, Math.floor(bytes.length / 2)), at)
          if (fits < bytes.length)
            throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write" })
          return file.write(bytes, at)
        },
      }
    },
  })
}

test("a full disk: senders are told to come again, what was taken is sealed, and it heals by itself", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  const disk = smallDisk()
  await ledger.init({ disk })
  const open = await ledger.open({ disk })
  await open.heartbeat()
  assert.ok(existsSync(join(ledger.dir, "reserve")))
  await open.journal.append([testRecord("taken")])

  disk.full = true
  for (let at = 0; at < 3; at++) {
    await assert.rejects(open.journal.append([testRecord(`refused-${at}`)]), { code: "journal.unavailable" })
  }
  assert.ok(existsSync(join(ledger.dir, "reserve")), "the reserve is not for senders")
  const taken = open.journal.next
  await open.sealer.sealOnce()
  assert.equal(open.sealer.sealed.records, taken, "with the room that was kept")
  assert.ok(!existsSync(join(ledger.dir, "reserve")))

  disk.full = false
  await open.journal.append([testRecord("healed")])
  await open.heartbeat()
  assert.ok(existsSync(join(ledger.dir, "reserve")), "room is kept again")
  await open.close()
  const { records } = checkLedger(ledger.dir, testSigner())
  const bodies = records.map(({ body }) => Buffer.from(body).toString())
  assert.ok(bodies.includes("taken") && bodies.includes("healed"))
  assert.ok(!bodies.some((body) => body.startsWith("refused")))
  assert.ok(ledger.troubles.every((trouble) => isRefusal(trouble, "journal.unavailable")))
  assert.deepEqual(ledger.fatals, [])
})

test("without a reserve sealing waits for room, and goes on at the same block", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  const disk = smallDisk()
  await ledger.init({ disk })
  const open = await ledger.open({ disk })
  await open.journal.append([testRecord("taken")])
  disk.full = true
  assert.deepEqual(await open.sealer.sealOnce(), [])
  assert.equal(ledger.troubles.at(-1)?.code, "seal.unavailable")
  assert.equal(open.sealer.trouble, undefined, "it is tried again")
  disk.full = false
  assert.equal((await open.sealer.sealOnce()).length, 1)
  await open.close()
  checkLedger(ledger.dir, testSigner())
})

test("a disk that is full at the start: the ledger opens, in the room that was kept or without it, and heals", async (t) => {
  for (const reserved of [true, false]) {
    const ledger = testLedger(temporaryFolder(t))
    const disk = smallDisk()
    await ledger.init({ disk })
    const before = await ledger.open({ disk })
    if (reserved) await before.heartbeat()
    await before.journal.append([testRecord("taken")])
    await before.close()

    disk.full = true
    const open = await ledger.open({ disk })
    if (!reserved) {
      const refused = open.journal.append([testRecord("refused")])
      await assert.rejects(refused, { code: "journal.unavailable" })
    }
    assert.equal(open.sealer.trouble, undefined)
    disk.full = false
    await open.journal.append([testRecord("healed")])
    await open.sealer.sealOnce()
    assert.equal(open.sealer.sealed.records, open.journal.next)
    await open.close()
    const { records } = checkLedger(ledger.dir, testSigner())
    const bodies = records.map(({ body }) => Buffer.from(body).toString())
    assert.deepEqual(bodies.slice(-1), ["healed"])
    assert.deepEqual(ledger.fatals, [])
  }
})

test("a disk that is full at the start: what a crash left unsealed is copied into the room that was kept", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  const disk = smallDisk()
  await ledger.init({ disk })
  const crashed = await ledger.open({ disk })
  await crashed.heartbeat()
  await crashed.journal.append([testRecord("unsealed")])
  const killed = join(ledger.dir, "..", "killed")
  cpSync(ledger.dir, killed, { recursive: true })
  await crashed.close()
  rmSync(ledger.dir, { recursive: true })
  renameSync(killed, ledger.dir)

  disk.full = true
  const open = await ledger.open({ disk })
  disk.full = false
  await open.sealer.sealOnce()
  await open.close()
  const { records } = checkLedger(ledger.dir, testSigner())
  assert.ok(records.some(({ body }) => Buffer.from(body).toString() === "unsealed"))
})

test("from 95 % of the disk on only the ledger's own records are taken", async (t) => {
  const ledger = testLedger(temporaryFolder(t))
  const disk = smallDisk()
  await ledger.init({ disk })
  const open = await ledger.open({ disk })
  disk.used = 0.95
  for (let at = 0; at < 3; at++) {
    await assert.rejects(open.journal.append([testRecord("refused")]), { code: "journal.unavailable" })
  }
  assert.deepEqual(ledger.troubles.map(String), ["Refusal: the disk is nearly full"], "told once")
  await open.heartbeat()
  assert.equal((await open.sealer.sealOnce()).length, 1)
  disk.used = 0.949
  await open.journal.append([testRecord("healed")])
  await open.close()
  checkLedger(ledger.dir, testSigner())
})
