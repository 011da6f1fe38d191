import { setTimeout } from "node:timers/promises"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { openProver, type Prover, type WhichRecord } from "../../seal/prove.ts"
import { formatBundled, formatBundleHead } from "../../tlog/receipt-bundle.ts"
import { type BundledRecord, recordsOfBundle } from "../bundle-records.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { writeOut } from "../new-file.ts"
import { progress } from "../progress.ts"
import { recordNumber } from "../record-number.ts"
import { jsonLine } from "../terminal.ts"

/** A server seals once a second. */
const UNSEALED_WAIT_MICROS = 5_000_000
const AGAIN_MS = 200

export const prove: Command = {
  name: "prove",
  summary:
    "Write the receipt of a record, or a bundle of receipts: a file that proves it to whoever has the ledger's public key.",
  arguments: [
    {
      name: "record",
      description: "the record's number, as queries show it",
      optional: true,
      variadic: true,
    },
  ],
  options: [
    ...CONFIG_FLAGS,
    { flags: "--audit-id <id>", description: "find the record by its auditID; needs --stage" },
    {
      flags: "--stage <stage>",
      description: "RequestReceived, ResponseStarted, ResponseComplete or Panic",
      values: ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"],
    },
    {
      flags: "--query <logsql>",
      description:
        "all records that answer a query, in one bundle with the ledger's keys and the policies that were in force",
    },
    { flags: "--withhold-body", description: "prove who sent how much and when, and do not show what" },
    { flags: "--out <file>", description: "write to a new file instead of standard output" },
  ],
  examples: [
    "tallystick prove 5 --out event-5.receipt",
    "tallystick prove --audit-id 6ba5aa9c-4a9c-4c4b-9c6a-1d2f3a4b5c6d --stage ResponseComplete --withhold-body",
    "tallystick prove --query 'user.username:=alice _time:2026-11-20' --out case-17.bundle",
  ],
  async run(records, options, world) {
    const { config } = await loadConfig(options, world)
    const asked = askedOf(records, options)
    const request = {
      dir: config.dir,
      withholdBody: options.withholdBody === true,
      out: typeof options.out === "string" ? options.out : undefined,
      json: options.json === true,
    }
    if (asked.kind === "receipt") await writeReceipt(asked.which, request, world)
    else await writeBundle(await recordsOfBundle(config.dir, asked, world), request, world)
    return EXIT.fine
  },
}

type Asked =
  | { readonly kind: "receipt"; readonly which: WhichRecord }
  | { readonly kind: "bundle"; readonly query: string }
  | { readonly kind: "bundle"; readonly records: readonly number[] }

function askedOf(records: readonly string[], { auditId, stage, query }: Options): Asked {
  const numbers = records.map(recordNumber)
  const byId = auditId !== undefined || stage !== undefined
  const [first] = numbers
  if (first !== undefined && !byId && query === undefined) {
    return numbers.length === 1
      ? { kind: "receipt", which: { record: first } }
      : { kind: "bundle", records: numbers }
  }
  if (first === undefined && typeof query === "string" && !byId) return { kind: "bundle", query }
  if (first === undefined && query === undefined && typeof auditId === "string" && typeof stage === "string")
    return { kind: "receipt", which: { auditId, stage } }
  throw new Refusal("usage", "expected record numbers, or --audit-id and --stage, or --query")
}

type ReceiptRequest = {
  readonly dir: string
  readonly withholdBody: boolean
  /** A file to be made; standard output where there is none. */
  readonly out: string | undefined
  readonly json: boolean
}

async function writeReceipt(which: WhichRecord, request: ReceiptRequest, world: World): Promise<void> {
  const { out, json, withholdBody } = request
  const prover = await proverFor(which, request, world)
  try {
    const { record, receipt } = await prover.prove({ which, withholdBody })
    if (json) {
      if (out !== undefined) await writeOut(out, [receipt], world)
      const facts = { record, out: out ?? null, ...(out === undefined ? { receipt } : {}) }
      world.stdout.write(jsonLine(facts))
      return
    }
    await writeOut(out, [receipt], world)
    if (out !== undefined) world.stderr.write(`receipt of record ${record} written to ${out}\n`)
  } finally {
    await prover.close()
  }
}

async function writeBundle(
  bundled: readonly BundledRecord[],
  request: ReceiptRequest,
  world: World,
): Promise<void> {
  const { out, json, withholdBody } = request
  if (json && out === undefined) throw new Refusal("usage", "expected --out: a bundle is no JSON")
  const prover = await proverFor({ record: bundled.at(-1)?.record ?? 0 }, request, world)
  const bar = progress(world.stderr, { total: bundled.length, unit: "receipts", clock: world.clock })
  async function* parts(): AsyncGenerator<string> {
    yield formatBundleHead({ origin: prover.origin, count: bundled.length })
    for (const [done, { record, context }] of bundled.entries()) {
      world.stop.throwIfAborted()
      bar.update(done)
      const proved = await prover.prove({ which: { record }, withholdBody: withholdBody && !context })
      yield formatBundled(proved.receipt)
    }
  }
  try {
    await writeOut(out, parts(), world)
  } finally {
    bar.done()
    await prover.close()
  }
  if (json) world.stdout.write(jsonLine({ receipts: bundled.length, out }))
  else if (out !== undefined) world.stderr.write(`${bundled.length} receipts written to ${out}\n`)
}

/** One that can prove the record. What a server is about to seal is waited for. */
async function proverFor(which: WhichRecord, { dir }: ReceiptRequest, world: World): Promise<Prover> {
  const until = world.clock() + UNSEALED_WAIT_MICROS
  for (;;) {
    const prover = await openProver(dir)
    try {
      await prover.prove({ which, withholdBody: true })
      return prover
    } catch (error) {
      await prover.close()
      if (!isRefusal(error, "record.unsealed") || world.clock() >= until) throw error
      await setTimeout(AGAIN_MS, undefined, { signal: world.stop })
    }
  }
}
