import { Refusal } from "../../base/refusal.ts"
import { formatMicros } from "../../base/time.ts"
import { parseMoment, placeMoment } from "../../query/time.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { controlFilter } from "../control-query.ts"
import { IN_FORCE, isPolicyOf, type PolicyInForce, parsePolicyRecord } from "../policy-in-force-record.ts"
import { queryLocal } from "../query-local.ts"
import { recordNumber } from "../record-number.ts"
import { openRemote, queryRemote, REMOTE_FLAGS, type RemoteRow } from "../remote.ts"
import { escapeLines, escapeText, jsonLine } from "../terminal.ts"

export const policyInForceCommand: Command = {
  name: "policy in-force",
  summary: "Show the policy that was in force at a time, or when a record was made.",
  arguments: [],
  options: [
    ...CONFIG_FLAGS,
    { flags: "--record <n>", description: "when this record was made, for its source" },
    { flags: "--source <source>", description: "whose policy, with --at" },
    { flags: "--at <time>", description: "2026-01-02T03:04:05Z, 2026-01-02 or now-1d (default: now)" },
    { flags: "--server <url>", description: "ask a running server instead of reading the ledger" },
    ...REMOTE_FLAGS,
  ],
  examples: [
    "tallystick policy in-force --record 4711",
    "tallystick policy in-force --source prod-1/apiserver-0 --at 2026-11-20T18:00:00Z > audit-policy.yaml",
  ],
  async run(_, options, world) {
    const ask = await askerOf(options, world)
    const when = await whenOf(options, ask, world)
    const found = await newestBefore(when, ask)
    if (found === undefined) {
      throw new Refusal("policy.notRecorded", `no policy was recorded for ${when.source} before ${when.text}`)
    }
    const { record, receivedAt, source, sha256, by, text, server } = found
    if (options.json === true)
      world.stdout.write(
        jsonLine({
          record,
          receivedAt,
          source,
          sha256,
          by,
          policy: text,
          ...(server === undefined ? {} : { server }),
        }),
      )
    else {
      const put = `record ${record} of ${receivedAt}: policy ${sha256} of ${source}, put in force by ${by}`
      world.stderr.write(`${escapeText(put)}\n`)
      if (server !== undefined) {
        const flags = server.flags.map((flag) => `\n  ${escapeText(flag)}`).join("")
        world.stderr.write(`audit flags, from a file of SHA-256 ${server.sha256}:${flags}\n`)
      }
      world.stdout.write(world.stdout.isTTY ? escapeLines(text) : text)
    }
    return EXIT.fine
  },
}

type Ask = (query: string) => AsyncIterable<RemoteRow>

async function askerOf(options: Options, world: World): Promise<Ask> {
  if (typeof options.server === "string") {
    const remote = await openRemote(options.server, options, world)
    return (query) => queryRemote(remote, query)
  }
  const { config } = await loadConfig(options, world)
  return (query) => queryLocal(config.dir, query, world)
}

type When = { readonly source: string; readonly text: string; readonly filter: string }

async function whenOf(options: Options, ask: Ask, world: World): Promise<When> {
  const { record, source, at } = options
  if (typeof record === "string") {
    if (source !== undefined || at !== undefined)
      throw new Refusal("usage", "--record goes without --source and --at: the record has both")
    const number = recordNumber(record)
    for await (const row of ask(`record:=${number} | fields source`)) {
      if (row.source !== undefined)
        return { source: row.source, text: `record ${number}`, filter: `record:<${number}` }
    }
    throw new Refusal("record.unknown", `there is no record ${number}`)
  }
  if (typeof source !== "string") throw new Refusal("usage", "expected --record, or --source")
  const moment = parseMoment(typeof at === "string" ? at : "now")
  if (moment === undefined)
    throw new Refusal("usage", `expected --at like 2026-01-02T03:04:05Z, saw ${JSON.stringify(at)}`)
  const time = formatMicros(placeMoment(moment, world.clock()).last)
  return { source, text: time, filter: `receivedAt:<=${time}` }
}

type Found = PolicyInForce & { readonly record: number; readonly receivedAt: string }

async function newestBefore({ source, filter }: When, ask: Ask): Promise<Found | undefined> {
  let newest: Found | undefined
  for await (const row of ask(
    `${filter} ${controlFilter("did", IN_FORCE)} | fields record, receivedAt, raw`,
  )) {
    if (row._partial !== undefined)
      throw new Refusal("store.interrupted", `not all was read: ${row._partial}`)
    const put = parsePolicyRecord(Buffer.from(row.raw ?? ""))
    const record = Number(row.record)
    if (put === undefined || !isPolicyOf(put.source, source) || record < (newest?.record ?? 0)) continue
    newest = { ...put, record, receivedAt: row.receivedAt ?? "" }
  }
  return newest
}
