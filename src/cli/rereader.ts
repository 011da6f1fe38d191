import { CredentialTable } from "../api/credentials.ts"
import type { Metrics } from "../api/metrics.ts"
import { isRefusal } from "../base/refusal.ts"
import type { ConfigType } from "./config.ts"
import type { Log } from "./log.ts"
import { readText } from "./read.ts"
import { openRedaction } from "./redaction-key.ts"
import { type Live, type ReloadPlan, reload } from "./reload.ts"

export type Rereading = {
  readonly live: Live
  readonly log: Log
  /** Reads the configuration again; refuses as at the start. */
  readonly load: () => Promise<ConfigType>
  readonly metrics: Pick<Metrics, "redacted">
  /** Takes over the files that it names. */
  readonly reloadFiles: () => Promise<void>
  /** Makes what was done a record. */
  readonly tell: (what: string, facts: Readonly<Record<string, string>>) => Promise<void>
}

/** What SIGHUP does: one at a time, told in the log and, since it changes who may do what, in a record. */
export function rereader({ live, log, load, metrics, reloadFiles, tell }: Rereading): () => void {
  const reread = {
    load,
    openCredentials: (config: ConfigType) => CredentialTable.open(config.credentials, readText),
    openRedaction: (config: ConfigType) => openRedaction(config, metrics.redacted),
  }
  let turn = Promise.resolve()
  async function reloaded(): Promise<ReloadPlan | undefined> {
    try {
      return await reload(live, reread)
    } catch (error) {
      log.trouble("config.kept", error)
      await tell("config.kept", { why: isRefusal(error) ? error.code : "http.internal" })
      return undefined
    }
  }
  async function again(): Promise<void> {
    const plan = await reloaded()
    if (plan === undefined) return
    const { taken, waiting } = plan
    log.info("config.reloaded", { taken, waiting })
    await tell("config.reloaded", { taken: taken.join(" "), waiting: waiting.join(" ") })
  }
  const told = (error: unknown) => log.trouble("trouble", error)
  return () => {
    turn = turn.then(again).catch(told).then(reloadFiles).catch(told)
  }
}
