import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { Refusal } from "../base/refusal.ts"

/** A password as kept in memory and in configurations: `scrypt$<log2 N>$<r>$<p>$<salt base64>$<hash base64>`. */
export type PasswordHash = {
  readonly costLog2: number
  readonly blockSize: number
  readonly parallelism: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** 32 MiB and about 70 ms a try: OWASP's second row for scrypt, halved because intake lives in 512 MiB. */
const COST = { costLog2: 15, blockSize: 8, parallelism: 1 } as const
const COST_LOG2_MAX = 17
const HASH_BYTES = 32
const SALT_BYTES = 16
/** Waiting checks. One runs at a time: node's four file threads also carry the journal's fdatasync. */
const QUEUE_MAX = 16
/** Remembered wrong answers, so that a sender with an old password costs no scrypt each time. */
const WRONG_MAX = 1024

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES)
  return { ...COST, salt, hash: await derive(password, { ...COST, salt }) }
}

/** Takes as long to check as any other, and no password is right. */
export function unmatchable(): PasswordHash {
  return { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }
}

export function formatPasswordHash({ costLog2, blockSize, parallelism, salt, hash }: PasswordHash): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
  return `scrypt$${costLog2}$${blockSize}$${parallelism}$${base64(salt)}$${base64(hash)}`
}

/** Inverse of {@link formatPasswordHash}: refuses any text it would not have written, and costs beyond reason. */
export function parsePasswordHash(text: string): PasswordHash {
  const [, costLog2 = "", blockSize = "", parallelism = "", salt = "", hash = ""] = text.split("$")
  const parsed: PasswordHash = {
    costLog2: Number(costLog2),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  }
  const possible =
    parsed.costLog2 >= 10 &&
    parsed.costLog2 <= COST_LOG2_MAX &&
    parsed.blockSize === COST.blockSize &&
    parsed.parallelism === COST.parallelism &&
    parsed.salt.length >= SALT_BYTES &&
    parsed.hash.length === HASH_BYTES
  if (!possible || formatPasswordHash(parsed) !== text) {
    throw new Refusal(
      "credential.malformed",
      "expected a password hash: scrypt$<log2 N>$8$1$<salt base64>$<hash base64>",
    )
  }
  return parsed
}

/**
 * Checks passwords, one scrypt at a time. Right and wrong answers are remembered under a key that lives only in this
 * process; a right one is bounded by the number of credentials, wrong ones by {@link WRONG_MAX}.
 */
export class PasswordChecker {
  readonly #memoryKey = randomBytes(HASH_BYTES)
  readonly #right = new Set<string>()
  readonly #wrong = new Set<string>()
  #queue: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Refuses `auth.busy` when too many checks wait already. */
  async check(password: string, expected: PasswordHash): Promise<boolean> {
    const memory = createHmac("sha256", this.#memoryKey)
      .update(expected.hash)
      .update(password)
      .digest("base64")
    if (this.#right.has(memory)) return true
    if (this.#wrong.has(memory)) return false
    if (this.#waiting >= QUEUE_MAX) throw new Refusal("auth.busy", "too many passwords wait to be checked")
    this.#waiting++
    const turn = this.#queue.then(() => derive(password, expected))
    this.#queue = turn.catch(() => undefined)
    try {
      const right = timingSafeEqual(await turn, expected.hash)
      remember(right ? this.#right : this.#wrong, memory)
      return right
    } finally {
      this.#waiting--
    }
  }
}

function remember(memories: Set<string>, memory: string): void {
  if (memories.size >= WRONG_MAX) memories.delete(memories.values().next().value ?? "")
  memories.add(memory)
}

function derive(password: string, hash: Omit<PasswordHash, "hash">): Promise<Buffer> {
  const { costLog2, blockSize: r, parallelism: p, salt } = hash
  const N = 2 ** costLog2
  const options = { N, r, p, maxmem: 2 * 128 * N * r }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
