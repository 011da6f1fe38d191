import { CredentialTable } from "../api/credentials.ts"
import { TlsFiles } from "../api/tls.ts"
import { isRefusal } from "../base/refusal.ts"
import type { ConfigType } from "./config.ts"
import type { ConfigFinding } from "./config-load.ts"
import { readText } from "./read.ts"

/**
 * Looks at the files that a configuration names, as `serve` does before it listens: a configuration that `config check`
 * passes must not be refused a moment later for a token that is too short.
 */
export async function checkFiles({ credentials, tls }: ConfigType): Promise<readonly ConfigFinding[]> {
  const found = await Promise.all([
    findingOf("credentials", () => CredentialTable.open(credentials, readText)),
    ...(tls === undefined ? [] : [findingOf("tls", () => TlsFiles.open(tls, readText))]),
  ])
  return found.filter((finding) => finding !== undefined)
}

async function findingOf(key: string, open: () => Promise<unknown>): Promise<ConfigFinding | undefined> {
  try {
    await open()
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { where: key, key, message: error.message }
  }
}
