import { resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { parseMoment, placeMoment } from "../query/time.ts"
import type { RevokedKey } from "../seal/revoked-keys.ts"
import { witnessesAmong } from "../tlog/quorum.ts"
import { parseVerifierKey } from "../tlog/verifier-key.ts"
import type { Option, Options, World } from "./command.ts"
import { readText } from "./read.ts"

/** For commands that judge by keys which their user trusts. */
export const KEY_FLAG: Option = {
  flags: "--key <vkey...>",
  description:
    "verifier key you trust, or @file with one on each line: the ledger's, or a witness's; may be repeated",
}

/** For commands that believe a key only up to a time. */
export const REVOKED_FLAG: Option = {
  flags: "--revoked <vkey@time...>",
  description:
    "a key in other hands, and since when: <vkey>@2026-11-20T00:00:00Z; what it alone vouches for from then on is not believed",
}

/** Keys of {@link REVOKED_FLAG}. Refuses `usage`, `key.malformed`. */
export function revokedOf(options: Options, now: Micros): readonly RevokedKey[] {
  const given = Array.isArray(options.revoked) ? (options.revoked as readonly string[]) : []
  return given.map((text) => {
    const at = text.lastIndexOf("@")
    const moment = at < 0 ? undefined : parseMoment(text.slice(at + 1))
    if (moment === undefined)
      throw new Refusal(
        "usage",
        `expected --revoked <vkey>@<time>, saw ${JSON.stringify(text.slice(0, 160))}`,
      )
    return { key: parseVerifierKey(text.slice(0, at)), from: placeMoment(moment, now).first }
  })
}

/** For commands that want others than the ledger to stand for its checkpoint. */
export const QUORUM_FLAG: Option = {
  flags: "--quorum <n>",
  description: "so many of the witnesses whose keys are given must have cosigned the checkpoint",
}

/** Witnesses asked for by {@link QUORUM_FLAG}; 0 without it. Refuses `usage` where fewer keys of witnesses are given. */
export function quorumOf(options: Options, keys: readonly string[]): number {
  if (options.quorum === undefined) return 0
  const text = String(options.quorum)
  const quorum = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined
  if (quorum === undefined) throw new Refusal("usage", `expected --quorum <n>, saw ${JSON.stringify(text)}`)
  const among = witnessesAmong(keys.map((key) => parseVerifierKey(key)))
  if (among >= quorum) return quorum
  throw new Refusal("usage", `expected the keys of ${quorum} witnesses or more for --quorum, saw ${among}`)
}

/** The keys given. Never taken from the ledger that is judged. */
export async function keysOf(options: Options, world: World): Promise<readonly string[]> {
  const given = Array.isArray(options.key) ? (options.key as readonly string[]) : []
  const texts = await Promise.all(
    given.map((key) => (key.startsWith("@") ? readText(resolve(world.cwd, key.slice(1))) : key)),
  )
  const keys = texts.flatMap((text) => text.split("\n").map((line) => line.trim()))
  const distinct = [...new Set(keys.filter((key) => key !== ""))]
  if (distinct.length > 0) return distinct
  throw new Refusal(
    "usage",
    "expected --key <vkey>: who judges a ledger by a key out of it proves nothing; tallystick keys show --public prints the key where the ledger is kept",
  )
}
