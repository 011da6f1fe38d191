import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { promisify } from "node:util"
import { isRefusal } from "../../src/base/refusal.ts"
import type { Row } from "../../src/query/row.ts"
import { openLocalSearch, type QueryRequest } from "../../src/search/index.ts"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../support/journal-file.ts"
import { startServer } from "../support/server.ts"
import { temporaryFolder } from "../support/temporary.ts"

const SUSPECT = "suspicious@example.com"
const FLUX = "system:serviceaccount:flux-system:flux"
const S = '{stream="audit.kube-apiserver"}'

/** name, hours ago, verb, resource, user, namespace, code */
const EVENTS: readonly (readonly [string, number, string, string, string, string, number | undefined])[] = [
  ["a", 0.5, "get", "secrets", SUSPECT, "production", 200],
  ["b", 2, "list", "secrets", SUSPECT, "production", 403],
  ["c", 3, "get", "secrets", "alice", "ci", 403],
  ["d", 4, "create", "rolebindings", "alice", "ci", 201],
  ["e", 5, "patch", "clusterroles", "bob", "", 200],
  ["f", 30, "delete", "roles", "bob", "ci", 200],
  ["g", 0.25, "get", "pods", FLUX, "flux-system", 200],
  ["h", 6, "update", "pods", FLUX, "flux-system", 200],
  ["i", 7, "create", "deployments", "alice", "production", 409],
  ["j", 8, "create", "deployments", "alice", "production", 201],
  ["k", 9, "create", "deployments", "bob", "ci", undefined],
]

/**
 * The ten queries of an audit-logging handbook, which mix LogQL, Splunk and LogsQL, as they are written there; how each is
 * written in LogsQL; and what both find. As their author wrote it: the fourth asks for three verbs, not for every change.
 */
const QUERIES: readonly (readonly [written: string, logsql: string, rows: readonly string[]])[] = [
  [`${S} | limit 100`, `{kind="k8s.audit"} | limit 100`, [..."abcdefghijk"]],
  [
    `${S} | json | user.username="${SUSPECT}" AND objectRef.resource="secrets"`,
    `{kind="k8s.audit"} user.username:="${SUSPECT}" objectRef.resource:=secrets`,
    ["a", "b"],
  ],
  [`${S} | json | responseStatus.code="403"`, `{kind="k8s.audit"} responseStatus.code:=403`, ["b", "c"]],
  [
    `${S} | json | verb=~"create|update|delete" AND objectRef.resource=~".*role.*" | last 24h`,
    `{kind="k8s.audit"} _time:24h verb:in(create,update,"delete") objectRef.resource:~role`,
    ["d"],
  ],
  [
    `${S} | json | objectRef.resource="secrets" | stats count() by user.username | sort by count desc`,
    `{kind="k8s.audit"} objectRef.resource:=secrets | stats by (user.username) count(*) as "count" | sort by ("count" desc)`,
    [`${SUSPECT} 2`, "alice 1"],
  ],
  [
    `${S} | json | objectRef.namespace="production" | stats count() by user.username`,
    `{kind="k8s.audit"} objectRef.namespace:=production | stats by (user.username) count(*) as "count"`,
    ["alice 2", `${SUSPECT} 2`],
  ],
  [
    `${S} | json | user.username="${FLUX}" | last 1h`,
    `{kind="k8s.audit"} _time:1h user.username:="${FLUX}"`,
    ["g"],
  ],
  [
    `${S} | json | verb="create" AND objectRef.resource="deployments" AND responseStatus.code!="201"`,
    `{kind="k8s.audit"} verb:=create objectRef.resource:=deployments responseStatus.code:* !responseStatus.code:=201`,
    ["i"],
  ],
  [
    `${S} | json | stats count() by user.username | sort by count desc | limit 20`,
    `{kind="k8s.audit"} | stats by (user.username) count(*) as "count" | sort by ("count" desc) limit 20`,
    ["alice 4", "bob 3", `${SUSPECT} 2`, `${FLUX} 2`],
  ],
  [
    "kubectl exec -n monitoring victoria-logs-0 -- cat /var/log/audit/kube-apiserver-audit.log | tail -50",
    `{kind="k8s.audit"} | sort by (_time desc) limit 50`,
    [..."gabcdehijkf"],
  ],
]

test("the handbook's ten queries: explained in strict mode, answered in compat mode", async (context) => {
  const dir = temporaryFolder(context)
  const other: GivenRecord = { kind: "log", body: "not an audit event" }
  await writeJournal(join(dir, "journal"), placeRecords([...EVENTS.map((event) => recordOf(event)), other]))
  const search = await openLocalSearch(dir)
  context.after(() => search.close())
  async function ask(text: string, compat: QueryRequest["compat"]): Promise<string[]> {
    const rows: Row[] = []
    const request = { text, now: NOON, rowsMax: 100, timeoutMs: 30_000, ...(compat ? { compat } : {}) }
    for await (const message of search.query(request, new AbortController().signal))
      if (message.kind === "rows") rows.push(...message.rows)
    return rows.map(nameOf)
  }

  for (const [written, logsql, expected] of QUERIES) {
    await assert.rejects(
      () => ask(written, undefined),
      (error) => {
        assert.ok(isRefusal(error, "query.foreign"), String(error))
        assert.equal(error.facts.corrected, logsql)
        return error.message.endsWith(`As LogsQL: ${logsql}`)
      },
    )
    for (const rows of [await ask(written, "logql"), await ask(logsql, undefined)]) {
      const inOrder = written.includes("sort") || written.includes("tail")
      if (inOrder) assert.deepEqual(rows.map(orderOf), expected.map(orderOf), written)
      assert.deepEqual(rows.sort(), [...expected].sort(), written)
    }
  }
})

test("the handbook's ten queries by curl, as it writes them, against a running server", async (context) => {
  const server = await startServer(join(temporaryFolder(context), "ledger"))
  context.after(() => server.end())
  const sent = await fetch(`${server.url}/audit/prod-1`, {
    method: "POST",
    body: EVENTS.map((event) => recordOf(event, Date.now() * 1000).body).join("\n"),
  })
  assert.equal(sent.status, 200)
  const line = await fetch(`${server.url}/insert/jsonline`, {
    method: "POST",
    body: '{"_msg":"of no API server"}',
  })
  assert.equal(line.status, 200)

  for (const [written, logsql, expected] of QUERIES) {
    const strict = await curl(`${server.url}/select/logsql/query`, written)
    assert.equal(strict.status, "400", written)
    assert.ok(strict.text.includes(`As LogsQL: ${logsql}\n`), strict.text)
    for (const { status, text } of [
      await curl(`${server.url}/select/logsql/query?compat=logql`, written),
      await curl(`${server.url}/select/logsql/query`, logsql),
    ]) {
      assert.equal(status, "200", text)
      const rows = text.split("\n").flatMap((line) => (line === "" ? [] : [nameOf(JSON.parse(line))]))
      assert.deepEqual(rows.sort(), [...expected].sort(), written)
    }
  }
})

/** As the handbook has it: `curl '…/select/logsql/query' -d 'query=…'`, nothing escaped. */
async function curl(url: string, query: string): Promise<{ status: string; text: string }> {
  const args = ["--silent", "--write-out", "\n%{http_code}", url, "-d", `query=${query}`]
  const { stdout } = await promisify(execFile)("curl", args)
  const end = stdout.lastIndexOf("\n")
  return { status: stdout.slice(end + 1), text: stdout.slice(0, end) }
}

function nameOf(row: Row): string {
  return row["objectRef.name"] ?? `${row["user.username"]} ${row.count}`
}

/** What an order is about: the count of a group, the name of an event. */
function orderOf(row: string): string {
  return row.split(" ").at(-1) ?? ""
}

function recordOf(event: (typeof EVENTS)[number], now = NOON): GivenRecord & { readonly body: string } {
  const [name, hours, verb, resource, username, namespace, code] = event
  const body = {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    auditID: `id-${name}`,
    stage: code === undefined ? "RequestReceived" : "ResponseComplete",
    verb,
    user: { username },
    objectRef: { resource, namespace, name },
    ...(code === undefined ? {} : { responseStatus: { code } }),
    stageTimestamp: new Date(now / 1000 - hours * 3_600_000).toISOString().replace("Z", "000Z"),
  }
  return { body: JSON.stringify(body) }
}
