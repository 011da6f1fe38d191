import { existsSync, renameSync } from "node:fs"
import { dirname } from "node:path"
import { isRefusal, type Refusal } from "../base/refusal.ts"
import { realDisk } from "../journal/disk.ts"
import { newKey, readSigner, writeKey } from "../seal/keys.ts"
import { dropUnfinishedSecrets } from "../seal/unfinished-secrets.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import type { World } from "./command.ts"
import type { ConfigType } from "./config.ts"
import { keyFileOf } from "./config-paths.ts"
import { stopIt, toldHolder } from "./holder.ts"
import { openConfiguredLedger } from "./open-ledger.ts"
import { escapeText } from "./terminal.ts"

/** Verifier keys; `older` and its file are missing where an interrupted rotation had put the old key away already. */
export type Rotated = {
  readonly older: string | undefined
  readonly newer: string
  readonly oldFile: string | undefined
}

/**
 * Replaces the log's key. The order of acts: the new key is durable in `<key>.next`; the record signed by both is sealed;
 * the old key becomes `<key>.<id>.old`; the new one takes its place. Interrupted anywhere, it can be run again and goes
 * on: whether the log has changed its key already, the log says itself.
 */
export async function rotateKey(config: ConfigType, world: World): Promise<Rotated> {
  const keyFile = keyFileOf(config)
  const nextFile = `${keyFile}.next`
  dropUnfinishedSecrets(keyFile)
  const old = existsSync(keyFile) || !existsSync(nextFile) ? readSigner(keyFile) : undefined
  if (old !== undefined && !existsSync(nextFile)) writeKey(nextFile, newKey(old.name))
  const next = readSigner(nextFile)

  if (!(await isKeyOfLog(nextFile))) {
    const ledger = await open(keyFile)
    try {
      await ledger.sealer.rotateKey(next)
    } finally {
      await ledger.close()
    }
  }

  const oldFile = old === undefined ? undefined : `${keyFile}.${old.keyId}.old`
  if (oldFile !== undefined) renameSync(keyFile, oldFile)
  renameSync(nextFile, keyFile)
  await realDisk.syncFolder(dirname(keyFile))
  return {
    older: old === undefined ? undefined : formatVerifierKey(old),
    newer: formatVerifierKey(next),
    oldFile,
  }

  /** Of a log that cannot go on nobody can say which key is next: it keeps the one it has. */
  async function open(key: string) {
    const onTrouble = (trouble: Refusal) =>
      void world.stderr.write(`tallystick: ${escapeText(trouble.message)}\n`)
    const onFatal = (error: unknown) => {
      throw error
    }
    const opening = openConfiguredLedger({ ...config, key }, world, { onTrouble, onFatal })
    const ledger = await opening.catch((error: unknown) => {
      throw toldHolder(error, config.dir, stopIt)
    })
    const { trouble } = ledger.sealer
    if (trouble === undefined) return ledger
    await ledger.close()
    throw trouble
  }

  /** Opening also completes a change that a crash left journalled and not sealed: closing seals it. */
  async function isKeyOfLog(key: string): Promise<boolean> {
    try {
      await (await open(key)).close()
      return true
    } catch (error) {
      if (isRefusal(error, "key.unknown")) return false
      throw error
    }
  }
}
