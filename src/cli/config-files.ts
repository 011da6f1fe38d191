import { CredentialTable } from "../api/credentials.ts"
import { TlsFiles } from "../api/tls.ts"
import { isRefusal } from "../base/refusal.ts"
import { type ConfigFinding, formatOrigin, type LoadedConfig } from "./config-load.ts"
import { readText } from "./read.ts"

/**
 * Looks at the files that a configuration names, as `serve` does before it listens: a configuration that `config check`
 * passes must not be refused a moment later for a token that is too short.
 */
export async function checkFiles({ config, origins }: LoadedConfig): Promise<readonly ConfigFinding[]> {
  const { credentials, tls } = config
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
  return found.filter((finding) => finding !== undefined)
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
