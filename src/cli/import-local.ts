import { every, pause } from "../base/loop.ts"
import type { Refusal } from "../base/refusal.ts"
import { importRecords } from "../intake/import.ts"
import { importDone as formatDone } from "../intake/import-request.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { importDone } from "../seal/control.ts"
import type { Options, World } from "./command.ts"
import type { ImportTarget } from "./commands/import.ts"
import { loadConfig } from "./config-load.ts"
import { openUnserved } from "./open-unserved.ts"
import { queryLocal } from "./query-local.ts"
import { openRedaction } from "./redaction-key.ts"
import { importedQuery } from "./remote.ts"
import { escapeText } from "./terminal.ts"

/**
 * Opens the ledger itself: for machines where no server runs. Blocks are sealed while the import goes on, and the rest
 * when it closes; segments are made by the next `serve`.
 */
export async function openLocalTarget(options: Options, world: World): Promise<ImportTarget> {
  const { config } = await loadConfig(options, world)
  const redactor = await openRedaction(config)
  const onTrouble = (trouble: Refusal) =>
    void world.stderr.write(`tallystick: ${escapeText(trouble.message)}\n`)
  const ledger = await openUnserved(config, world, { onTrouble })
  const done = new AbortController()
  const stop = AbortSignal.any([world.stop, done.signal])
  const sealing = every(config.seal.intervalMs, stop, async () => void (await ledger.sealer.sealOnce()))
  return {
    async import({ id, name, source }, stream) {
      const imported = await importRecords(stream, {
        source: source ?? config.intake.anonymousSource,
        id,
        redactor,
        deliver: (batch) => ledger.journal.append(batch),
        stop: world.stop,
        pause,
        onTrouble,
      })
      const fact = formatDone(imported, { id, name })
      await ledger.journal.appendControl([controlRecord(importDone.format(fact))])
      const { damage, ...counts } = imported
      return { id, name, ...counts, ...(damage === undefined ? {} : { damage: damage.message }) }
    },
    async knows(sha256) {
      for await (const _ of queryLocal(config.dir, importedQuery(sha256), world)) return true
      return false
    },
    async close() {
      done.abort()
      await sealing.finally(() => ledger.close())
    },
  }
}
