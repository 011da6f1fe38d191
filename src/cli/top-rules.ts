import { Refusal } from "../base/refusal.ts"
import { loadPolicy } from "../policy/load.ts"
import type { Query } from "../query/tree.ts"
import type { Asked } from "./answer.ts"
import type { Options, World } from "./command.ts"
import { controlFilter } from "./control-query.ts"
import { readPolicyOf } from "./policy-file.ts"
import { IN_FORCE } from "./policy-in-force-record.ts"
import { withFlags } from "./read-query.ts"
import { queryRemote, type RemoteRow } from "./remote.ts"
import { policiesInForce, type PolicyUsed, type RuleCosts, ruleCosts } from "./rule-costs.ts"
import { BODY_FIELDS } from "./row-body.ts"

/** What each rule costs that decides recorded events: by the policy that is named, else by those in force when they came. */
export async function topRules(
  query: Query,
  whom: Asked,
  options: Options,
  world: World,
): Promise<RuleCosts> {
  if (query.pipes.length > 0) throw new Refusal("usage", "--by rule looks at events: a filter without pipes")
  const policies = await policiesFor(whom, options, world)
  const text = withFlags(query, `fields source, record, ${BODY_FIELDS}`, options, world)
  return await ruleCosts(await everyRow(whom, text, world), policies)
}

async function policiesFor(whom: Asked, options: Options, world: World): Promise<readonly PolicyUsed[]> {
  if (typeof options.policy === "string") {
    const { policy } = await readPolicyOf(options.policy, options, world)
    return [{ name: options.policy, policy, holds: () => true }]
  }
  const records: { record: number; body: Uint8Array }[] = []
  const query = `${controlFilter("did", IN_FORCE)} | fields record, raw`
  for await (const { record, raw, _partial } of await everyRow(whom, query, world)) {
    if (_partial !== undefined)
      throw new Refusal("store.interrupted", `not all policies were read: ${_partial}`)
    records.push({ record: Number(record), body: Buffer.from(raw ?? "") })
  }
  const policies = policiesInForce(records, loadPolicy)
  if (policies.length > 0) return policies
  throw new Refusal("policy.notRecorded", "no policy was recorded as in force; name one with --policy")
}

async function everyRow(whom: Asked, text: string, world: World): Promise<AsyncIterable<RemoteRow>> {
  if (whom.kind === "remote") return queryRemote(whom.remote, text)
  return (await import("./traffic-ledger.ts")).ledgerRows(whom.dir, text, world)
}
