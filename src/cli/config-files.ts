import { type Flaw, flawsOf } from "../api/certificate.ts"
import { CredentialTable } from "../api/credentials.ts"
import { TlsFiles } from "../api/tls.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { type ConfigFinding, formatOrigin, type LoadedConfig } from "./config-load.ts"
import { readText } from "./read.ts"

export type FilesFound = {
  /** What keeps the server from starting, or everybody from talking to it. */
  readonly findings: readonly ConfigFinding[]
  /** What works today. */
  readonly warnings: readonly ConfigFinding[]
}

/**
 * Looks at the files that a configuration names, as `serve` does before it listens: a configuration that `config check`
 * passes must not be refused a moment later for a token that is too short.
 */
export async function checkFiles({ config, origins }: LoadedConfig, now: Micros): Promise<FilesFound> {
  const { credentials, tls, listen } = config
  const whereOf = (key: string): string => {
    const origin = origins.get(key)
    return origin === undefined ? key : formatOrigin(origin)
  }
  const found = await Promise.all([
    findingOf("credentials", whereOf("credentials"), () => CredentialTable.open(credentials, readText)),
    ...(tls === undefined
      ? []
      : [findingOf("tls", whereOf("tls.certificate"), () => TlsFiles.open(tls, readText))]),
  ])
  const findings = found.filter((finding) => finding !== undefined)
  if (tls === undefined || findings.some(({ key }) => key === "tls")) return { findings, warnings: [] }
  const { certificates } = await TlsFiles.open(tls, readText)
  const flaws = flawsOf(certificates, { address: listen.address, now })
  const told = (wanted: Flaw["state"]) =>
    flaws.flatMap(({ state, option, saw, fix }) =>
      state === wanted ? [{ where: whereOf(option), key: option, message: `${saw}; ${fix}` }] : [],
    )
  return { findings: [...findings, ...told("bad")], warnings: told("warning") }
}

async function findingOf(
  key: string,
  where: string,
  open: () => Promise<unknown>,
): Promise<ConfigFinding | undefined> {
  try {
    await open()
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { where, key, message: error.message }
  }
}
