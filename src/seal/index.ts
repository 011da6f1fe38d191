/**
 * Sealing: the only writer of history. Journal → blocks → log → signed checkpoint, and what a ledger says of itself.
 *
 * Needs a directory of its own, the log's key, and one process at a time (`lock`). Promises: a checkpoint is written after
 * all that it names is durable, and each extends the one before, over any crash; nothing beyond the last checkpoint is
 * served; a log that cannot go on (shorter than remembered, forked, damaged, touched by another) is left alone and named
 * in `sealer.trouble`, while the journal goes on taking records.
 *
 *     writeKey(path, newKey("ledger.example.com/prod"))
 *     await initLedger(dir, { signer: readSigner(path), clock, remembered })
 *     const ledger = await openLedger(dir, { signer, clock, remembered, onFatal })
 *     await ledger.journal.append(batch)                    // durable
 *     const blocks = await ledger.sealer.sealOnce()         // sealed; call it every second
 *     await ledger.heartbeat()                              // call it every minute
 *     await ledger.journal.appendControl([controlRecord(segmentMade.format(made))])
 *     await ledger.sealer.segmented(below); await ledger.journal.forget(below)
 *     await ledger.close()
 *
 * docs/ARCHITECTURE.md, 'What a crash leaves', has the argument line by line.
 */

export { BLOCK_LIMITS } from "./block-limits.ts"
export {
  CONTROLS,
  type Control,
  type ControlName,
  did,
  importDone,
  keyRotated,
  ledgerCreated,
  parseControl,
  rangePurged,
  recordErased,
  segmentMade,
} from "./control.ts"
export { type InitOptions, initLedger } from "./init-ledger.ts"
export { formatKeyRotation, type KeyRotation, openKeyRotation, parseKeyRotation } from "./key-rotation.ts"
export { newKey, readSigner, writeKey } from "./keys.ts"
export { type LedgerOptions, type OpenLedger, openLedger } from "./ledger.ts"
export { type LedgerPlace, ledgerPlace } from "./ledger-place.ts"
export { type Lock, takeLock } from "./lock.ts"
export type { SealedBlock } from "./log-state.ts"
export { madeSegments } from "./made-segments.ts"
export { openProver, type Proved, type ProveRequest, type Prover } from "./prove.ts"
export { checkpointOf, openRemembered, type Remembered, rememberedFolder } from "./remember.ts"
export { type Scrubbed, type ScrubRequest, type ScrubState, scrub } from "./scrub.ts"
export type { Sealed, Sealer } from "./sealer.ts"
export { formatTail, parseTail, type Tail, type TailBlock, type TailSeed } from "./tail.ts"
export type { Damage, Verdict } from "./verdict.ts"
export { type Verified, type VerifyRequest, verifyLedger } from "./verify.ts"
