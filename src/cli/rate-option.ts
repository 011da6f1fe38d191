import { Refusal } from "../base/refusal.ts"
import type { Options } from "./command.ts"

/** `--rate 2000`: events per second. Undefined where it was not given; refuses what is no whole number. */
export function readRate({ rate }: Options): number | undefined {
  if (rate === undefined) return undefined
  if (!/^\d{1,6}$/.test(String(rate)))
    throw new Refusal("usage", `expected --rate like 2000, saw ${JSON.stringify(rate)}`)
  return Number(rate)
}
