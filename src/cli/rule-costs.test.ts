import assert from "node:assert/strict"
import { test } from "node:test"
import { loadPolicy } from "../policy/load.ts"
import { policyInForce, policyRecord } from "./policy-in-force-record.ts"
import { policiesInForce, ruleCosts } from "./rule-costs.ts"

const policyOf = (rules: string) => `apiVersion: audit.k8s.io/v1\nrules:\n${rules}`
const PUTS: readonly (readonly [record: number, source: string, text: string])[] = [
  [10, "prod-1", policyOf("- level: Metadata\n")],
  [20, "prod-1", policyOf("- {level: None, users: [bob]}\n- level: Metadata\n")],
  [30, "prod-2", policyOf("- {level: None, users: [eve]}\n")],
]
const POLICIES = policiesInForce(
  PUTS.map(([record, source, text]) => ({
    record,
    body: policyRecord(policyInForce({ source, by: "me", text })).body,
  })),
  loadPolicy,
)

const came: readonly [
  why: string,
  source: string,
  record: number,
  policy: RegExp,
  rule: string | undefined,
][] = [
  ["the one recorded before it", "prod-1/cp-1", 15, / of prod-1$/, "1"],
  ["the newest of those before it", "prod-1/cp-1", 25, / of prod-1$/, "2"],
  ["that of its own cluster", "prod-2/cp-1", 35, / of prod-2$/, "none matches"],
  ["nobody says which, before the first", "prod-1/cp-1", 5, /^none recorded$/, undefined],
  ["nobody says which, of another cluster", "prod-3", 99, /^none recorded$/, undefined],
]
for (const [why, source, record, policy, rule] of came) {
  test(`an event is decided by the policy that was in force when it came: ${why}`, async () => {
    const raw = JSON.stringify({ stage: "ResponseComplete", verb: "get", user: { username: "alice" } })
    async function* rows() {
      yield { source, record: String(record), raw }
    }
    const { rows: found } = await ruleCosts(rows(), POLICIES)
    assert.equal(found.length, 1)
    assert.match(found[0]?.policy ?? "", policy)
    assert.equal(found[0]?.rule, rule)
    assert.deepEqual([found[0]?.events, found[0]?.bytes], ["1", String(raw.length)])
  })
}
