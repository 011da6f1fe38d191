import { checkExposure } from "../api/exposure.ts"
import { isRefusal, type RefusalCode } from "../base/refusal.ts"
import { isSource, RESERVED } from "../event/record.ts"
import { compileRedaction } from "../event/redact.ts"
import { DEFAULT_REDACTION } from "../event/redaction-rules.ts"
import type { ConfigType } from "./config.ts"

/** What one option alone cannot say: a problem of several together. */
export type ConfigProblem = { readonly key: string; readonly message: string }

/** The address check is also the promise that nothing is open to the network by accident. */
export function checkTogether(config: ConfigType): readonly ConfigProblem[] {
  return [
    ...checkListen(config),
    ...checkTls(config),
    ...checkCredentials(config),
    ...checkSources(config),
    ...checkRedaction(config),
  ]
}

function checkListen({ listen, tls, credentials }: ConfigType): readonly ConfigProblem[] {
  const hasSecrets = credentials.some(({ clientNames }) => clientNames === undefined)
  return refusalsOf("listen.address", "listen.exposed", () =>
    checkExposure({
      ...listen,
      tls: tls !== undefined,
      credentials: { count: credentials.length, hasSecrets },
    }),
  )
}

function checkRedaction({ redaction }: ConfigType): readonly ConfigProblem[] {
  if (redaction.rules.length === 0) return []
  return refusalsOf("redaction.rules", "redaction.malformed", () =>
    compileRedaction([...DEFAULT_REDACTION, ...redaction.rules]),
  )
}

/** Here a refusal by the owner of a rule is a finding. */
function refusalsOf(key: string, code: RefusalCode, check: () => void): readonly ConfigProblem[] {
  try {
    check()
    return []
  } catch (error) {
    if (isRefusal(error, code)) return [{ key, message: error.message }]
    throw error
  }
}

function checkTls({ tls }: ConfigType): readonly ConfigProblem[] {
  if (tls === undefined || tls.minVersion <= tls.maxVersion) return []
  return [{ key: "tls.minVersion", message: `${tls.minVersion} is above tls.maxVersion ${tls.maxVersion}` }]
}

function checkCredentials({ credentials, tls }: ConfigType): readonly ConfigProblem[] {
  const names = new Set<string>()
  return credentials.flatMap((credential, i) => {
    const problems: ConfigProblem[] = []
    const add = (key: string, message: string) => problems.push({ key: `credentials.${i}.${key}`, message })
    const { name, basic, clientNames, tokenFile, tokenSha256 } = credential
    if (names.has(name)) add("name", `a second credential named ${JSON.stringify(name)}`)
    names.add(name)
    const given = [tokenFile, tokenSha256, basic, clientNames].filter((way) => way !== undefined).length
    if (given !== 1)
      add("name", `expected exactly one of tokenFile, tokenSha256, basic and clientNames, saw ${given}`)
    const passwords = [basic?.passwordFile, basic?.passwordSha256, basic?.passwordScrypt]
    if (basic !== undefined && passwords.filter((way) => way !== undefined).length !== 1) {
      add("basic", "expected exactly one of passwordFile, passwordScrypt and passwordSha256")
    }
    if (clientNames !== undefined && tls?.clientCa === undefined) add("clientNames", "needs tls.clientCa")
    if (credential.verbs.includes("write") && credential.source === undefined)
      add("source", "needed to write")
    return problems
  })
}

function checkSources({ credentials, intake }: ConfigType): readonly ConfigProblem[] {
  const sources: (readonly [key: string, source: string | undefined])[] = [
    ["intake.anonymousSource", intake.anonymousSource],
    ...credentials.map(({ source }, i) => [`credentials.${i}.source`, source] as const),
    ...intake.files.map(({ source }, i) => [`intake.files.${i}.source`, source] as const),
  ]
  return sources.flatMap(([key, source]) => {
    if (source === undefined) return []
    if (!isSource(source))
      return [{ key, message: `expected a source like prod-1/apiserver-0, saw ${JSON.stringify(source)}` }]
    if (source.split("/")[0] === RESERVED) return [{ key, message: `${RESERVED} is the ledger's own source` }]
    return []
  })
}
