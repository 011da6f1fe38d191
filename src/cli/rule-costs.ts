import { compilePolicy } from "../policy/decide.ts"
import type { Policy, PolicyRule } from "../policy/policy.ts"
import { formatRule } from "../policy/policy-yaml.ts"
import { createSightingReader } from "../policy/sighting.ts"
import { Traffic } from "../policy/traffic.ts"
import type { Row } from "../query/row.ts"
import { isPolicyOf, type PolicyInForce, parsePolicyRecord } from "./policy-in-force-record.ts"
import { toldApartBy } from "../policy/told-apart.ts"
import { bodyOf } from "./row-body.ts"

/** Which rule made which events: the policy that was in force when a record came, or one that is given, decides each again. */
export type RuleCosts = {
  readonly rows: readonly Row[]
  readonly partial: string | undefined
}

/** Fields of the rows besides `events` and `bytes`. */
export const RULE_FIELDS = ["policy", "rule", "level", "matches"]

/** A policy with a name for people, and the records it holds for. */
export type PolicyUsed = {
  readonly name: string
  readonly policy: Policy
  readonly holds: (source: string, record: number) => boolean
}

/** `rows` have source, record and {@link BODY_FIELDS}. `policies`: the first that holds decides. */
export async function ruleCosts(
  rows: AsyncIterable<Row>,
  policies: readonly PolicyUsed[],
): Promise<RuleCosts> {
  const read = createSightingReader()
  const counters = policies.map((used) => new Counter(used))
  const unknown = { events: 0, bytes: 0 }
  let partial: string | undefined
  for await (const row of rows) {
    if (row._partial !== undefined) partial = row._partial
    const bytes = bodyOf(row)
    const sighting = bytes && read(bytes)
    if (bytes === undefined) continue
    const at = policies.findIndex(({ holds }) => holds(row.source ?? "", Number(row.record)))
    if (sighting !== undefined && at >= 0) counters[at]?.traffic.add(sighting)
    else {
      unknown.events++
      unknown.bytes += bytes.length
    }
  }
  const unjudged = { policy: "none recorded", events: String(unknown.events), bytes: String(unknown.bytes) }
  return {
    rows: [...counters.flatMap((one) => one.rows()), ...(unknown.events > 0 ? [unjudged] : [])],
    partial,
  }
}

type Sum = { events: number; bytes: number }

class Counter {
  readonly traffic: Traffic
  readonly #used: PolicyUsed
  readonly #sums = new Map<number | undefined, Sum>()

  constructor(used: PolicyUsed) {
    this.#used = used
    const decide = compilePolicy(used.policy)
    this.traffic = new Traffic({
      apart: toldApartBy([used.policy]),
      onCells: (cells) => {
        for (const { attributes, tallies } of cells) {
          const sum = this.#sumOf(decide(attributes).rule)
          for (const { events, bytes } of tallies) {
            sum.events += events
            sum.bytes += bytes.whole
          }
        }
      },
    })
  }

  rows(): readonly Row[] {
    this.traffic.flush()
    const { name, policy } = this.#used
    return [...this.#sums].map(([rule, { events, bytes }]) => ({
      ...{ policy: name, rule: rule === undefined ? "none matches" : String(rule + 1) },
      ...{ level: policy.rules[rule ?? -1]?.level ?? "None", matches: matchesOf(policy.rules[rule ?? -1]) },
      ...{ events: String(events), bytes: String(bytes) },
    }))
  }

  #sumOf(rule: number | undefined): Sum {
    const sum = this.#sums.get(rule) ?? { events: 0, bytes: 0 }
    this.#sums.set(rule, sum)
    return sum
  }
}

/** The rule on one line, without its level. */
function matchesOf(rule: PolicyRule | undefined): string {
  if (rule === undefined) return ""
  const [, ...lines] = formatRule(rule).trimEnd().split("\n")
  return lines.length === 0 ? "everything" : lines.map((line) => line.trim().replace(/^- /, "")).join(" ")
}

/** Policies as they were put in force, newest first; each holds for what came behind its record. */
export function policiesInForce(
  records: readonly { readonly record: number; readonly body: Uint8Array }[],
  parse: (text: string) => Policy,
): readonly PolicyUsed[] {
  const puts = records.flatMap(({ record, body }): (PolicyInForce & { readonly at: number })[] => {
    const put = parsePolicyRecord(body)
    return put === undefined ? [] : [{ ...put, at: record }]
  })
  return puts
    .toSorted((a, b) => b.at - a.at)
    .map(({ sha256, source, text, at }) => ({
      name: `${sha256.slice(0, 8)} of ${source}`,
      policy: parse(text),
      holds: (from, record) => at < record && isPolicyOf(source, from),
    }))
}
