import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { parseYaml } from "../../src/base/yaml.ts"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"

/** What examples/ offers is used as it stands, so it has to work as it stands. */

type Rule = { readonly alert: string; readonly expr: string; readonly annotations: object }

const EXAMPLES = join(import.meta.dirname, "../../examples")
const dir = await temporaryFolder()
let server: Server

before(async () => {
  server = await startServer(`${dir.path}/ledger`)
})
after(async () => {
  await server.end()
  await dir.remove()
})

function rulesOf(name: string): readonly Rule[] {
  const { value } = parseYaml(readFileSync(join(EXAMPLES, name), "utf8"), name)
  return (value as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)
}

test("alerts.yaml names only series that a ledger has from its start", async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const series = new Set(metrics.split("\n").map((line) => line.split(/[{ ]/, 1)[0]))
  // One series for each source, and there is none before the first event: no gap either. One for each file of tls.
  const ofMany = ["audit_last_event_timestamp_seconds", "tallystick_tls_certificate_expiry_timestamp_seconds"]
  for (const { alert, expr } of rulesOf("alerts.yaml")) {
    const names = expr.match(/\b(?:audit|tallystick)_[a-z_]+/g) ?? []
    assert.ok(names.length > 0, alert)
    for (const name of names.filter((each) => !ofMany.includes(each)))
      assert.ok(series.has(name), `${alert}: ${name}`)
  }
})

test("each rule of vmalert.yaml is silent without a reason, and fires with one", async () => {
  const rules = rulesOf("vmalert.yaml")
  const results = async ({ expr }: Rule): Promise<readonly object[]> => {
    const body = new URLSearchParams({ query: expr, allow_partial_response: "0" })
    const answer = await fetch(`${server.url}/select/logsql/stats_query`, { method: "POST", body })
    assert.equal(answer.status, 200, await answer.clone().text())
    return ((await answer.json()) as { data: { result: object[] } }).data.result
  }
  for (const rule of rules) assert.deepEqual(await results(rule), [], rule.alert)

  const time = new Date().toISOString().replace("Z", "000Z")
  const event = (id: number, more: object) => ({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata", auditID: `e-${id}` },
    ...{ stage: "ResponseComplete", stageTimestamp: time, requestReceivedTimestamp: time },
    ...more,
  })
  const user = { username: "mallory" }
  const events = [
    event(0, { verb: "get", user, objectRef: { resource: "secrets" }, responseStatus: { code: 200 } }),
    event(1, {
      verb: "create",
      user,
      objectRef: { resource: "rolebindings" },
      responseStatus: { code: 201 },
    }),
    ...Array.from({ length: 200 }, (_, i) =>
      event(2 + i, { verb: "list", user, responseStatus: { code: i % 2 === 0 ? 403 : 200 } }),
    ),
  ]
  const body = events.map((each) => JSON.stringify(each)).join("\n")
  assert.equal((await fetch(`${server.url}/audit/prod-1`, { method: "POST", body })).status, 200)
  // One series each: a second one, of a number that is only counted on the way, would be a second alert.
  for (const rule of rules) assert.equal((await results(rule)).length, 1, rule.alert)
})
