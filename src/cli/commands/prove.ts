import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { setTimeout } from "node:timers/promises"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { type Proved, type ProveRequest, proveRecord } from "../../seal/prove.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { reasonOf } from "../read.ts"

/** A server seals once a second. */
const UNSEALED_WAIT_MICROS = 5_000_000
const AGAIN_MS = 200

export const prove: Command = {
  name: "prove",
  summary: "Write the receipt of one record: a file that proves it to whoever has the ledger's public key.",
  arguments: [{ name: "record", description: "the record's number, as queries show it", optional: true }],
  options: [
    ...CONFIG_FLAGS,
    { flags: "--audit-id <id>", description: "find the record by its auditID; needs --stage" },
    { flags: "--stage <stage>", description: "RequestReceived, ResponseStarted, ResponseComplete or Panic" },
    { flags: "--withhold-body", description: "prove who sent how much and when, and do not show what" },
    { flags: "--out <file>", description: "write to a new file instead of standard output" },
  ],
  examples: [
    "tallystick prove 5 --out event-5.receipt",
    "tallystick prove --audit-id 6ba5aa9c-4a9c-4c4b-9c6a-1d2f3a4b5c6d --stage ResponseComplete --withhold-body",
  ],
  async run([record], options, world) {
    const { config } = await loadConfig(options, world)
    const which = whichOf(record, options)
    const request = { dir: config.dir, which, withholdBody: options.withholdBody === true }
    const { receipt, record: number } = await provenSoon(request, world)
    const out = typeof options.out === "string" ? options.out : undefined
    if (out !== undefined) await writeNew(resolve(world.cwd, out), receipt)
    if (options.json === true) {
      const facts = { record: number, out: out ?? null, ...(out === undefined ? { receipt } : {}) }
      world.stdout.write(`${JSON.stringify(facts)}\n`)
    } else if (out === undefined) world.stdout.write(receipt)
    else world.stderr.write(`receipt of record ${number} written to ${out}\n`)
    return EXIT.fine
  },
}

function whichOf(record: string | undefined, { auditId, stage }: Options): ProveRequest["which"] {
  if (record !== undefined && auditId === undefined && stage === undefined) {
    const number = Number(record)
    if (/^\d{1,16}$/.test(record) && Number.isSafeInteger(number)) return { record: number }
    throw new Refusal("usage", `expected a record number, saw ${JSON.stringify(record)}`)
  }
  if (record === undefined && typeof auditId === "string" && typeof stage === "string")
    return { auditId, stage }
  throw new Refusal("usage", "expected a record number, or --audit-id and --stage")
}

/** What a server is about to seal is waited for. */
async function provenSoon(request: ProveRequest, world: World): Promise<Proved> {
  const until = world.clock() + UNSEALED_WAIT_MICROS
  for (;;) {
    try {
      return await proveRecord(request)
    } catch (error) {
      if (!isRefusal(error, "record.unsealed") || world.clock() >= until) throw error
      await setTimeout(AGAIN_MS, undefined, { signal: world.stop })
    }
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" })
  } catch (error) {
    const why = reasonOf(error) === "EEXIST" ? "it is there already" : reasonOf(error)
    throw new Refusal("output.unwritable", `cannot write ${path}: ${why}`, { path }, error)
  }
}
