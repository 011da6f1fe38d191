import { Refusal } from "../base/refusal.ts"
import { BUNDLE_RECEIPTS_MAX } from "../tlog/receipt-bundle.ts"
import type { World } from "./command.ts"
import { controlFilter } from "./control-query.ts"
import { queryLocal } from "./query-local.ts"

/**
 * What the ledger said of itself and an event is judged by: which keys sign it, and which audit policy was in force.
 */
const CONTEXT = [
  controlFilter("ledger.created"),
  controlFilter("key.rotated"),
  controlFilter("did", "policy.inForce"),
].join(" or ")

export type BundledRecord = {
  readonly record: number
  /** Of the ledger itself, so never withheld. */
  readonly context: boolean
}

/** The records that answer a query, ascending, with the ledger's own records that they are judged by. */
export async function recordsOfBundle(
  dir: string,
  asked: { readonly query: string } | { readonly records: readonly number[] },
  world: World,
): Promise<readonly BundledRecord[]> {
  const wanted = "query" in asked ? await recordsOf(dir, asked.query, world) : asked.records
  if (wanted.length === 0) throw new Refusal("record.unknown", "no record answers that query")
  const context = new Set(await recordsOf(dir, CONTEXT, world))
  const all = new Set([...wanted, ...context])
  if (all.size > BUNDLE_RECEIPTS_MAX) {
    const many = `the query has more than ${BUNDLE_RECEIPTS_MAX} records, which is what one bundle may hold`
    throw new Refusal("usage", `${many}: ask for less, by time or by source`)
  }
  return [...all].sort((a, b) => a - b).map((record) => ({ record, context: context.has(record) }))
}

async function recordsOf(dir: string, query: string, world: World): Promise<readonly number[]> {
  const numbers: number[] = []
  for await (const row of queryLocal(dir, `${query} | fields record`, world, BUNDLE_RECEIPTS_MAX + 1)) {
    if (row._partial === "rows") break
    if (row._partial !== undefined)
      throw new Refusal("store.interrupted", `the query was not answered whole: ${row._partial}`)
    const number = Number(row.record)
    if (row.record === undefined || !Number.isSafeInteger(number))
      throw new Refusal("usage", "expected a query whose rows are records: leave out pipes like stats")
    numbers.push(number)
  }
  return numbers
}
