import { resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Option, Options, World } from "./command.ts"
import { readText } from "./read.ts"

/** For commands that judge by keys which their user trusts. */
export const KEY_FLAG: Option = {
  flags: "--key <vkey...>",
  description:
    "verifier key you trust, or @file with one on each line: the ledger's, or a witness's; may be repeated",
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
  throw new Refusal("usage", "expected --key <vkey>: who judges a ledger by a key out of it proves nothing")
}
