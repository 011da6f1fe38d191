import assert from "node:assert/strict"
import { isRefusal } from "../../src/base/refusal.ts"
import { formatQuery, parseQuery } from "../../src/query/index.ts"
import {
  PRINT_DIFFERENCES,
  READING_DIFFERENCES,
  type ReadingDifference,
  samePrint,
} from "./language-differences.ts"
import type { VictoriaLogs } from "./victoria-logs.ts"

const AT_ONCE = 8
/** Behind it no query can be followed live. */
const END = "\n| uniq by (end_of_query)"

/** Fails where one reads what the other refuses, or both read it and print it otherwise, and no list says why. */
export async function compareReading(queries: readonly string[], theirs: VictoriaLogs): Promise<void> {
  const found: string[] = []
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const some = queries.slice(at, at + AT_ONCE)
    const answers = await Promise.all(some.map((query) => readThere(query + END, theirs)))
    some.forEach((query, i) => {
      const [here, there] = [readHere(query + END), answers[i] ?? ""]
      if (
        isSame(here, there) ||
        PRINT_DIFFERENCES.some((known) =>
          "here" in known ? known.here.test(here) : known.there.test(there),
        ) ||
        READING_DIFFERENCES.some((known) => explains(known, here, there))
      )
        return
      found.push(`${query}\n    here:  ${here}\n    there: ${there.slice(0, 400)}`)
    })
  }
  assert.equal(found.length, 0, `${found.length} of ${queries.length}:\n${found.slice(0, 20).join("\n")}`)
}

function isSame(here: string, there: string): boolean {
  if (here.startsWith(REFUSED) || there.startsWith(REFUSED))
    return here.startsWith(REFUSED) && there.startsWith(REFUSED)
  return samePrint(here) === samePrint(there)
}

function explains({ refused, pattern }: ReadingDifference, here: string, there: string): boolean {
  const [refusing, other] = refused === "there" ? [there, here] : [here, there]
  return refusing.startsWith(REFUSED) && !other.startsWith(REFUSED) && pattern.test(refusing)
}

const REFUSED = "refused: "

function readHere(query: string): string {
  try {
    return formatQuery(parseQuery(query))
  } catch (error) {
    if (!isRefusal(error)) throw error
    return REFUSED + error.message
  }
}

async function readThere(query: string, theirs: VictoriaLogs): Promise<string> {
  const answer = await fetch(`${theirs.url}/select/logsql/tail`, {
    method: "POST",
    body: new URLSearchParams({ query }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.text()
  const printed = /^the query \[(.*)\] cannot be used in live tailing/s.exec(text)?.[1]
  // What it says of a query that it cannot read begins with the query.
  return printed ?? REFUSED + text.replace(/^.*?end_of_query\)\]: /s, "")
}
