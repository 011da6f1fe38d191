import { hash, timingSafeEqual } from "node:crypto"
import { Refusal } from "../base/refusal.ts"
import { unreadable } from "../base/unreadable.ts"
import { checkSource } from "../intake/narrow.ts"
import {
  hashPassword,
  PasswordChecker,
  type PasswordHash,
  parsePasswordHash,
  unmatchable,
} from "./password.ts"

/** write: send events. read: query, the log. metrics: /metrics. admin: all of it. */
export type Verb = "write" | "read" | "metrics" | "admin"

/** Who is asking. */
export type Credential = {
  /** In logs, metrics and records; not secret. */
  readonly name: string
  /** Where its events are filed, cluster first; undefined where it may not write. */
  readonly source: string | undefined
  readonly verbs: readonly Verb[]
  /** `AccountID:ProjectID` it may name besides 0:0. */
  readonly tenants?: readonly string[]
}

/** One entry of the configuration's `credentials`: exactly one of tokenFile, tokenSha256, basic, clientNames. */
export type CredentialConfig = {
  readonly name: string
  readonly source?: string | undefined
  readonly verbs: readonly Verb[]
  readonly tenants?: readonly string[] | undefined
  readonly tokenFile?: string | undefined
  readonly tokenSha256?: string | undefined
  readonly basic?: BasicConfig | undefined
  /** Common names or subject alternative names of certificates that the client authority signed. */
  readonly clientNames?: readonly string[] | undefined
}

/** Exactly one of the three: the password in a file, its SHA-256 (long random ones only), or its scrypt hash. */
export type BasicConfig = {
  readonly user: string
  readonly passwordFile?: string | undefined
  readonly passwordSha256?: string | undefined
  readonly passwordScrypt?: string | undefined
}

const TOKEN_LENGTH_MIN = 16
const PASSWORD_LENGTH_MIN = 8
const CREDENTIALS_MAX = 10_000

/** What people leave as it came, in this or another product. */
const DEFAULTS = [
  "pass",
  "password",
  "admin",
  "user",
  "secret",
  "changeme",
  "changeit",
  "tallystick",
  "test",
  "root",
  "token",
]

type Basic = { readonly credential: Credential; readonly expected: Uint8Array | PasswordHash }
type Maps = {
  /** By SHA-256 of the token in hex: what a lookup can leak through its timing is the hash of the asker's own guess. */
  readonly tokens: ReadonlyMap<string, Credential>
  readonly basics: ReadonlyMap<string, Basic>
  readonly names: ReadonlyMap<string, Credential>
}

/** Reads a text file; where the secrets of `tokenFile` and `passwordFile` come from. */
export type ReadText = (path: string) => Promise<string>

/**
 * All credentials of a server. Only hashes of secrets are kept. Refuses, at the start, what is weak or ambiguous.
 */
export class CredentialTable {
  #configs: readonly CredentialConfig[]
  #sources: readonly string[]
  readonly #readText: ReadText
  readonly #checker = new PasswordChecker()
  /** Unknown users are checked against this one, so that they take as long as known ones. */
  readonly #nobody = unmatchable()
  #maps: Maps = { tokens: new Map(), basics: new Map(), names: new Map() }
  #seen = ""

  private constructor(configs: readonly CredentialConfig[], readText: ReadText) {
    this.#configs = configs
    this.#sources = configs.flatMap(({ source }) => (source === undefined ? [] : [source]))
    this.#readText = readText
  }

  /** Refuses `credential.malformed` and `credential.weak`. */
  static async open(configs: readonly CredentialConfig[], readText: ReadText): Promise<CredentialTable> {
    const table = new CredentialTable(configs, readText)
    // In this order: what changes in between is read again by the next reload.
    table.#seen = await fingerprint(configs, readText)
    table.#maps = await load(configs, readText)
    return table
  }

  /** Without any, everybody on loopback may do everything. */
  get count(): number {
    return this.#configs.length
  }

  /** Whether any of them is a secret that must not cross a network in the clear. */
  get hasSecrets(): boolean {
    return this.#configs.some(({ clientNames }) => clientNames === undefined)
  }

  /** Sources of those that may write: known before the first event. The same list until they change. */
  get sources(): readonly string[] {
    return this.#sources
  }

  /** Reads the files of secrets again. All or nothing: when it refuses, the old ones stay in force. */
  async reload(): Promise<void> {
    const seen = await fingerprint(this.#configs, this.#readText)
    if (seen === this.#seen) return
    this.#maps = await load(this.#configs, this.#readText)
    this.#seen = seen
  }

  /** Has from now on what `other` has; requests under way keep who they are. */
  become(other: CredentialTable): void {
    this.#configs = other.#configs
    this.#sources = other.#sources
    this.#maps = other.#maps
    this.#seen = other.#seen
  }

  byToken(token: string): Credential | undefined {
    return this.#maps.tokens.get(sha256Hex(token))
  }

  /** Refuses `auth.busy`. */
  async byPassword(user: string, password: string): Promise<Credential | undefined> {
    const basic = this.#maps.basics.get(user)
    const expected = basic?.expected ?? this.#nobody
    const right =
      expected instanceof Uint8Array
        ? timingSafeEqual(hash("sha256", password, "buffer"), expected)
        : await this.#checker.check(password, expected)
    return right ? basic?.credential : undefined
  }

  /** By the names of a certificate that was verified against the client authority. */
  byNames(names: readonly string[]): Credential | undefined {
    for (const name of names) {
      const credential = this.#maps.names.get(name)
      if (credential !== undefined) return credential
    }
    return undefined
  }
}

/** Whether the credential may do what a route needs. */
export function may({ verbs }: Credential, ...needed: readonly Verb[]): boolean {
  return verbs.includes("admin") || needed.some((verb) => verbs.includes(verb))
}

async function load(configs: readonly CredentialConfig[], readText: ReadText): Promise<Maps> {
  const tokens = new Map<string, Credential>()
  const basics = new Map<string, Basic>()
  const names = new Map<string, Credential>()
  if (configs.length > CREDENTIALS_MAX)
    throw new Refusal("credential.malformed", `more than ${CREDENTIALS_MAX}`)
  for (const config of configs) {
    const { name, verbs, basic, tenants = [] } = config
    const credential: Credential = { name, source: writerSource(config), verbs, tenants }
    const ways = [config.tokenFile, config.tokenSha256, basic, config.clientNames].filter(
      (way) => way !== undefined,
    )
    if (ways.length !== 1) {
      throw malformed(name, "needs exactly one of tokenFile, tokenSha256, basic, clientNames")
    }
    const token = await tokenHash(config, readText)
    if (token !== undefined) add(tokens, token, credential, credential, "the token")
    if (basic !== undefined) {
      const entry = { credential, expected: await passwordOf(name, basic, readText) }
      add(basics, basic.user, entry, credential, "the user name")
    }
    for (const clientName of config.clientNames ?? []) {
      add(names, clientName, credential, credential, `the client name ${JSON.stringify(clientName)}`)
    }
  }
  return { tokens, basics, names }
}

function add<V>(map: Map<string, V>, key: string, value: V, { name }: Credential, what: string): void {
  if (map.has(key)) throw malformed(name, `has ${what} of another credential`)
  map.set(key, value)
}

function writerSource({ name, verbs, source }: CredentialConfig): string | undefined {
  if (source !== undefined) return checkSource(source)
  if (verbs.includes("write") || verbs.includes("admin"))
    throw malformed(name, "may write and needs a source")
  return undefined
}

async function tokenHash(config: CredentialConfig, readText: ReadText): Promise<string | undefined> {
  if (config.tokenSha256 !== undefined) return checkSha256(config.name, config.tokenSha256)
  if (config.tokenFile === undefined) return undefined
  const token = await readSecret(config.tokenFile, readText)
  if (token.length < TOKEN_LENGTH_MIN)
    throw weak(config.name, `its token is shorter than ${TOKEN_LENGTH_MIN}`)
  return sha256Hex(token)
}

async function passwordOf(name: string, basic: BasicConfig, readText: ReadText): Promise<Basic["expected"]> {
  const { user, passwordFile, passwordSha256, passwordScrypt } = basic
  const ways = [passwordFile, passwordSha256, passwordScrypt].filter((way) => way !== undefined)
  if (ways.length !== 1)
    throw malformed(name, "needs exactly one of passwordFile, passwordSha256, passwordScrypt")
  if (user === "" || user.includes(":"))
    throw malformed(name, "has a user name that is empty or holds a colon")
  if (passwordSha256 !== undefined) return Buffer.from(checkSha256(name, passwordSha256), "hex")
  if (passwordScrypt !== undefined) return parsePasswordHash(passwordScrypt)

  const password = await readSecret(passwordFile ?? "", readText)
  const lower = password.toLowerCase()
  if (lower === user.toLowerCase() || DEFAULTS.includes(lower)) throw weak(name, "its password is a default")
  if (password.length < PASSWORD_LENGTH_MIN)
    throw weak(name, `its password is shorter than ${PASSWORD_LENGTH_MIN}`)
  return hashPassword(password)
}

function checkSha256(name: string, text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw malformed(name, "has a SHA-256 that is not 64 hex digits")
  if (DEFAULTS.some((word) => sha256Hex(word) === text)) throw weak(name, "its secret is a default")
  return text
}

/** Hash of all secrets that stand in files: making the maps again costs a scrypt for each password. */
async function fingerprint(configs: readonly CredentialConfig[], readText: ReadText): Promise<string> {
  const paths = configs.flatMap(({ tokenFile, basic }) => [tokenFile, basic?.passwordFile])
  const known = paths.filter((path) => path !== undefined)
  const secrets = await Promise.all(known.map((path) => readSecret(path, readText)))
  return sha256Hex(JSON.stringify(secrets))
}

async function readSecret(path: string, readText: ReadText): Promise<string> {
  try {
    return (await readText(path)).trim()
  } catch (cause) {
    throw new Refusal("credential.malformed", unreadable(path, cause), {}, cause)
  }
}

function sha256Hex(text: string): string {
  return hash("sha256", text, "hex")
}

function malformed(name: string, why: string): Refusal {
  return new Refusal("credential.malformed", `credential ${JSON.stringify(name)} ${why}`)
}

function weak(name: string, why: string): Refusal {
  return new Refusal("credential.weak", `credential ${JSON.stringify(name)} is refused: ${why}`)
}
