import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { test } from "node:test"
import { eventually, freePort, startServer, temporaryFolder } from "../support/server.ts"

/**
 * A real vmalert (`$VMALERT`) with rules of type vlogs against a real server: what it sends is understood, and what it hears
 * makes its alerts fire. Not part of `npm test`: building vmalert takes minutes. `.ci/run` runs it where there is one.
 */
const VMALERT = process.env.VMALERT ?? "vmalert"

const RULES = `
groups:
  - name: audit
    type: vlogs
    interval: 1s
    rules:
      - alert: ManyRefused
        expr: 'kind:=k8s.audit responseStatus.code:=403 _time:10y | stats by (user.username) count() as n | filter n:>2'
      - record: audit_requests
        expr: 'kind:=k8s.audit _time:10y | stats count() n'
      - alert: NothingToMeasure
        expr: 'verb:=nothing | stats max(responseStatus.code) n'
      - alert: LastSecond
        expr: 'kind:=k8s.audit | stats count() n | filter n:>1000'
`

type Rule = {
  readonly name: string
  readonly health: string
  readonly lastError: string
  readonly lastSamples: number
  /** RFC 3339; the year 1 before the first. */
  readonly lastEvaluation: string
}

type Alert = {
  readonly name: string
  readonly state: string
  readonly value: string
  readonly labels: Readonly<Record<string, string>>
}
type Answer = {
  readonly data?: {
    readonly alerts?: readonly Alert[]
    readonly groups?: readonly { readonly rules: readonly Rule[] }[]
  }
}

test("vmalert evaluates vlogs rules against a ledger, and its alert fires", async () => {
  const dir = await temporaryFolder()
  const server = await startServer(`${dir.path}/ledger`)
  const rules = `${dir.path}/rules.yml`
  await writeFile(rules, RULES)
  const events = ["a", "a", "a", "b"].map((user, i) =>
    JSON.stringify({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      auditID: `id-${i}`,
      stage: "ResponseComplete",
      verb: "get",
      user: { username: user },
      responseStatus: { code: 403 },
      stageTimestamp: "2026-01-02T03:04:05.000000Z",
    }),
  )
  await fetch(`${server.url}/audit/prod-1/api`, { method: "POST", body: events.join("\n") })
  const port = await freePort()
  const vmalert = spawn(VMALERT, [
    `-rule=${rules}`,
    `-datasource.url=${server.url}`,
    "-notifier.blackhole",
    "-remoteWrite.url=http://127.0.0.1:9/",
    `-httpListenAddr=127.0.0.1:${port}`,
  ])
  let said = ""
  vmalert.stderr.on("data", (chunk) => {
    said += chunk
  })
  try {
    const firing = await eventually("the alert", 30_000, async () => {
      assert.equal(vmalert.exitCode, null, said)
      const { data } = await get(port, "alerts")
      return data?.alerts?.find((alert) => alert.state === "firing")
    })
    assert.equal(firing.name, "ManyRefused")
    assert.equal(firing.labels["user.username"], "a")
    assert.equal(firing.value, "3")
    // Rules of a group are evaluated one after the other: the alert fires before the others have been asked.
    const evaluated = await eventually("every rule", 30_000, async () => {
      const rules = (await get(port, "rules")).data?.groups?.[0]?.rules ?? []
      const isDone = rules.length > 0 && rules.every((rule) => !rule.lastEvaluation.startsWith("0001-"))
      return isDone ? rules : undefined
    })
    assert.deepEqual(
      evaluated.map(({ name, health, lastError, lastSamples }) => [name, health, lastError, lastSamples]),
      [
        ["ManyRefused", "ok", "", 1],
        ["audit_requests", "ok", "", 1],
        ["NothingToMeasure", "ok", "", 0],
        ["LastSecond", "ok", "", 0],
      ],
    )
  } finally {
    vmalert.kill()
    await once(vmalert, "exit")
    await server.end()
    await dir.remove()
  }
})

async function get(port: number, what: string): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${what}`).catch(() => undefined)
  return answer === undefined ? {} : ((await answer.json()) as Answer)
}
