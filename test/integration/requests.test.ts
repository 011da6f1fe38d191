import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { openLocalSearch } from "../../src/search/index.ts"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../support/journal-file.ts"
import { temporaryFolder } from "../support/temporary.ts"

/** Request, stage, verb, and where it came from. */
const EVENTS: readonly (readonly [string, string, string, string?])[] = [
  ["get", "RequestReceived", "get"],
  ["watch", "RequestReceived", "watch"],
  ["watch", "ResponseStarted", "watch"],
  ["get", "ResponseComplete", "get"],
  ["running", "RequestReceived", "watch"],
  ["running", "ResponseStarted", "watch"],
  ["cut", "RequestReceived", "delete"],
  ["panic", "RequestReceived", "create"],
  ["panic", "Panic", "create"],
  ["late", "ResponseComplete", "get"],
  ["get", "ResponseComplete", "get", "prod-2/apiserver-0"],
  ["running", "RequestReceived", "watch", "prod-2/apiserver-0"],
  ["watch", "ResponseComplete", "watch"],
]

const counts: readonly (readonly [query: string, expected: string, why: string])[] = [
  ["* | stats count() n", "9", "eight requests, and a record that is none"],
  ["kind:=k8s.audit | stats count() n", "8", "two in one cluster and the other have one auditID"],
  [
    "kind:=k8s.audit | stats by (verb) count() n | sort by (verb)",
    "create 1 delete 1 get 3 watch 3",
    "by verb",
  ],
  ["kind:=k8s.audit | stats by (cluster) count() n | sort by (cluster)", "prod-1 6 prod-2 2", "by cluster"],
  ["kind:=k8s.audit | top 1 by (verb)", "get 3", "in a top"],
  ["responseStatus.code:* | stats count() n", "4", "only last stages have a code"],
  [
    "kind:=k8s.audit !responseStatus.code:* | stats count() n",
    "6",
    "one of a later stage is not in the result",
  ],
  [
    "kind:=k8s.audit | stats by (stage) count() n | sort by (stage)",
    "Panic 1 RequestReceived 6 ResponseComplete 4 ResponseStarted 2",
    "who names stage counts events",
  ],
  ["kind:=k8s.audit stage:* | stats count() n", "13", "also in the filter"],
  ["kind:=k8s.audit raw:auditID | stats count() n", "8", "a condition on bodies counts the same requests"],
  ["kind:=k8s.audit | stats count() if (stage:=RequestReceived) n", "6", "also in a condition"],
  [
    "kind:=k8s.audit | fields auditID, stage | sort by (auditID, stage) | limit 1",
    "cut RequestReceived",
    "rows are events",
  ],
]

test("counts are of requests, each once, unless stages are asked for", async (context) => {
  const dir = temporaryFolder(context)
  const other: GivenRecord = { kind: "log", body: "no event" }
  await writeJournal(join(dir, "journal"), placeRecords([...EVENTS.map(recordOf), other]))
  const search = await openLocalSearch(dir)
  context.after(() => search.close())
  for (const [text, expected, why] of counts) {
    const found: string[] = []
    const request = { text, now: NOON, rowsMax: 100, timeoutMs: 30_000 }
    for await (const message of search.query(request, new AbortController().signal)) {
      if (message.kind === "rows") found.push(...message.rows.flatMap((row) => Object.values(row)))
      else assert.equal(message.partial, undefined)
    }
    assert.equal(found.join(" "), expected, `${text}: ${why}`)
  }
})

function recordOf([
  auditID,
  stage,
  verb,
  source = "prod-1/apiserver-0",
]: (typeof EVENTS)[number]): GivenRecord {
  const ended = stage === "ResponseComplete"
  const body = { auditID, stage, verb, ...(ended ? { responseStatus: { code: 200 } } : {}) }
  return { source, body: JSON.stringify(body) }
}
