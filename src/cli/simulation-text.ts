import type { Capacity } from "../policy/capacity.ts"
import type { SimulationReport } from "./commands/policy-simulate.ts"
import { formatAmount, formatSeconds } from "./progress.ts"
import { escapeText, table } from "./terminal.ts"

/** Below this much recorded time, figures per day say more about the hour than about the day. */
const SECONDS_TRUSTED = 86_400
const DAY_SECONDS = 86_400

/** The report of a simulation for a person: figures first, then what they do not know. */
export function simulationText(report: SimulationReport): string {
  const { traffic, recorded, before, after } = report
  const columns = [
    { what: "as recorded", events: traffic.events, bytes: traffic.bytes, capacity: recorded },
    ...(before === undefined ? [] : [{ what: "before", ...before }]),
    { what: "after", ...after },
  ]
  const totals = columns.map(({ what, events, bytes, capacity }) => ({
    ...{ what, events: formatAmount(events, "").trim(), bytes: formatAmount(bytes, "bytes") },
    ...{ "a day": formatAmount(capacity.bytesPerDay, "bytes") },
    ...{ "a month": formatAmount(capacity.bytesPerMonth, "bytes"), ...priceCells(capacity) },
  }))
  const tiers = after.capacity.tiers.map(({ name, days }) => tierName(name, days))
  const names = ["what", "events", "bytes", "a day", "a month", ...tiers]
  const parts = [
    tableOf(totals, names),
    before === undefined ? "" : `\nrules before\n${ruleTable(before.rules)}`,
    `\nrules after\n${ruleTable(after.rules)}`,
    ...serverLines(report.apiServer),
    ...lostLines(report),
    ...limitLines(report),
  ]
  return parts.filter((part) => part !== "").join("")
}

function tierName(name: string, days: number): string {
  return `${name}, ${days} days`
}

function priceCells({ tiers }: Capacity): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tiers.map(({ name, days, bytesHeld, usdPerMonth }) => [
      tierName(name, days),
      `${formatAmount(bytesHeld, "bytes")}, $${usdPerMonth.toFixed(2)} a month`,
    ]),
  )
}

function ruleTable(rules: SimulationReport["after"]["rules"]): string {
  const rows = rules.map(({ rule, level, events, bytes }) => ({
    rule: rule === undefined ? "none matches" : String(rule + 1),
    ...{ level, events: formatAmount(events, "").trim(), bytes: formatAmount(bytes, "bytes") },
  }))
  return tableOf(rows, ["rule", "level", "events", "bytes"])
}

function tableOf(rows: readonly Readonly<Record<string, string>>[], names: readonly string[]): string {
  return table(rows, names, Number.POSITIVE_INFINITY)
}

/** What nobody sees in bytes kept: what each API server bears, and which of its own figures tell whether it does. */
function serverLines(cost: SimulationReport["apiServer"]): readonly string[] {
  if (cost === undefined) return []
  const { servers, eventsPerSecond, bytesPerSecond, bytesPerEvent, webhook, log } = cost
  const each = servers === 1 ? "" : `, each of ${servers}`
  const rate = `${eventsPerSecond.toFixed(1)} events/s and ${formatAmount(bytesPerSecond, "bytes")}/s on average`
  const lines = [
    `${rate}; ${formatAmount(bytesPerEvent, "bytes")} in memory for each request that runs`,
    ...(webhook === undefined ? [] : webhookLines(webhook)),
    ...(log === undefined
      ? []
      : [`a local log of ${formatAmount(log.bytes, "bytes")} reaches back ${spanText(log.seconds)}`]),
    "its own figures: apiserver_audit_event_total, and what was lost in apiserver_audit_error_total",
  ]
  return [`\nAPI server${each}, after\n`, ...lines.map((line) => `  ${line}\n`)]
}

function spanText(seconds: number): string {
  return seconds < 2 * DAY_SECONDS ? formatSeconds(seconds) : `${Math.floor(seconds / DAY_SECONDS)} days`
}

type Webhook = NonNullable<NonNullable<SimulationReport["apiServer"]>["webhook"]>

function webhookLines({ eventsPerSecondMax, bufferEvents, bufferBytes, bufferSeconds }: Webhook): string[] {
  const buffer = `${formatAmount(bufferEvents, "").trim()} events wait at most (${formatAmount(bufferBytes, "bytes")})`
  const ceiling = Number.isFinite(eventsPerSecondMax)
    ? `sends ${formatAmount(eventsPerSecondMax, "").trim()} events/s at most`
    : "sends as fast as the receiver takes"
  return [`a webhook ${ceiling}; while nobody takes them ${buffer}, for ${spanText(bufferSeconds)}`]
}

function lostLines({ lost }: SimulationReport): readonly string[] {
  if (lost.length === 0) return ["\nnothing that must be visible is lost\n"]
  return [
    "\nno longer visible, or not all of it\n",
    ...linesOfLoss(lost).map((line) => `${escapeText(`  ${line}`)}\n`),
  ]
}

type Lost = SimulationReport["lost"][number]

/** Many questions need the same requests, and many resources for one reason: what is lost is told once for all of both. */
function linesOfLoss(lost: readonly Lost[]): readonly string[] {
  const lossOf = ({ verbs, reached, needed, before }: Lost): string =>
    `(${verbs.join(", ")}) at ${reached}, needs ${needed}${before === undefined ? "" : ", visible before"}`
  const byRequests = Map.groupBy(lost, (one) => `${one.resource} ${lossOf(one)} ${one.events}`)
  const byNeeds = Map.groupBy(byRequests.values(), (same) =>
    [...same.map(({ need }) => need), ...same.slice(0, 1).map(lossOf)].join("\n"),
  )
  return [...byNeeds.values()].flatMap((group) => {
    const heads = group.flatMap((same) => same.slice(0, 1))
    const [first] = heads
    if (first === undefined) return []
    const needs = (group[0] ?? []).map(({ need }) => need).join(", ")
    const resources = heads.map(({ resource }) => resource).join(", ")
    const events = counted(
      heads.reduce((sum, one) => sum + one.events, 0),
      "event",
    )
    return [`${needs}: ${resources} ${lossOf(first)}; ${events} here; for example ${first.example}`]
  })
}

/** `1 event`, `16,563 events`. */
function counted(count: number, word: string): string {
  return `${formatAmount(count, "").trim()} ${word}${count === 1 ? "" : "s"}`
}

/** What the figures do not know, each with how much it is. */
function limitLines({ traffic, after, ratio, neverRecorded }: SimulationReport): readonly string[] {
  const { impliedEvents, likenedBodies, likenedBytes, unknownBodies, unknownOf } = after.guessed
  const { partial, notUnderstood, tableRows, seconds } = traffic
  const limits = [
    partial === undefined ? "" : `only part of the traffic was read: ${partial}`,
    notUnderstood === 0
      ? ""
      : notUnderstood === 1
        ? "1 item was no audit event and counts nowhere"
        : `${counted(notUnderstood, "item")} were no audit events and count nowhere`,
    tableRows === 0
      ? ""
      : `${counted(tableRows, "event")} came as rows of a table: without levels, groups and bodies; their bytes are a lower bound`,
    seconds === 0
      ? "the events say nothing of how long they took: no figures per day"
      : seconds < SECONDS_TRUSTED
        ? `the traffic is of ${formatSeconds(seconds)}; a day and a month are that, extrapolated`
        : "",
    impliedEvents === 0
      ? ""
      : `${counted(impliedEvents, "event")} of stages that were not recorded; derived from the requests' ends`,
    likenedBodies === 0
      ? ""
      : `${counted(likenedBodies, "event")} recorded too low to know the size of a body: ${formatAmount(likenedBytes, "bytes")} are guessed from requests alike`,
    unknownBodies === 0
      ? ""
      : `${counted(unknownBodies, "event")} recorded too low to know the size of a body, and nothing here is like them (${unknownOf.join(", ")}): they are in no figure, the truth is more`,
    neverRecorded.length === 0
      ? ""
      : `requests that were never recorded would be: ${neverRecorded.map(({ example }) => example).join("; ")}; they are in no figure`,
    after.capacity.tiers.length === 0 ? "" : `kept bytes are JSON divided by ${ratio}`,
  ].filter((text) => text !== "")
  return limits.length === 0 ? [] : ["\nmind\n", ...limits.map((text) => `  ${escapeText(text)}\n`)]
}
