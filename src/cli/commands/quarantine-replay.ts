import { Refusal } from "../../base/refusal.ts"
import { newImportId } from "../../intake/import.ts"
import { toBatchOrLog } from "../../intake/receive.ts"
import { type Command, EXIT, type ExitCode, type World } from "../command.ts"
import { CONFIG_FLAGS } from "../config-load.ts"
import {
  openQuarantine,
  QUARANTINE_FLAGS,
  type Quarantine,
  type QuarantinedRow,
  replayName,
} from "../quarantined.ts"
import { recordNumber } from "../record-number.ts"
import { jsonLine } from "../terminal.ts"
import { type ImportTarget, openTarget } from "./import.ts"

/** More is an import of its own: fix what sends them first. */
const REPLAY_MAX = 10_000

export const quarantineReplay: Command = {
  name: "quarantine replay",
  summary:
    "Take quarantined records in again, after an upgrade that understands them: under their source, marked imported=<id>.",
  arguments: [
    {
      name: "record",
      description: "numbers from quarantine list (default: all)",
      optional: true,
      variadic: true,
    },
  ],
  options: [
    ...CONFIG_FLAGS,
    ...QUARANTINE_FLAGS,
    { flags: "--reason <code>", description: "only those with this reason" },
  ],
  examples: [
    "tallystick quarantine replay 4711",
    "tallystick quarantine replay --reason version --server http://127.0.0.1:9628",
  ],
  async run(records, options, world) {
    const quarantine = await openQuarantine(options, world)
    const reason = typeof options.reason === "string" ? options.reason : undefined
    const rows = await rowsOf(quarantine, records.map(recordNumber), reason)
    // The ledger is opened for writing only when there is something to write.
    const understood = rows.filter(
      ({ handled, body, source }) => handled === undefined && isUnderstood(body, source),
    )
    if (understood.length > 0) {
      const target = await openTarget(options, world)
      try {
        for (const row of understood) await replay(row, target, world)
      } finally {
        await target.close()
      }
    }
    if (records.length === 0 && rows.length === REPLAY_MAX)
      world.stderr.write(
        `  only the newest ${REPLAY_MAX} were looked at: dismiss those that need no answer, then run it again\n`,
      )
    return report(rows, understood, options.json === true, world)
  },
}

async function rowsOf(
  quarantine: Quarantine,
  records: readonly number[],
  reason: string | undefined,
): Promise<readonly QuarantinedRow[]> {
  if (records.length === 0) return await quarantine.list({ reason, limit: REPLAY_MAX, all: false })
  const rows: QuarantinedRow[] = []
  for (const record of records) {
    const row = await quarantine.get(record)
    if (row === undefined)
      throw new Refusal("record.notQuarantined", `record ${record} is not in the quarantine`)
    rows.push(row)
  }
  return rows
}

/** Whether the rules of this version have nothing against the bytes. */
function isUnderstood(body: Uint8Array, source: string): boolean {
  const { records } = toBatchOrLog(body, { source, redactor: undefined })
  return records.every(({ words }) => words.every(([key]) => key !== "quarantined"))
}

async function replay(
  { record, source, body }: QuarantinedRow,
  target: ImportTarget,
  world: World,
): Promise<void> {
  const id = newImportId(world.clock() / 1000, Buffer.from(`${record}`))
  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    yield body
  }
  await target.import({ id, name: replayName(record), source }, bytes())
}

function report(
  rows: readonly QuarantinedRow[],
  understood: readonly QuarantinedRow[],
  json: boolean,
  world: World,
): ExitCode {
  const done = understood.length
  const handled = rows.filter((row) => row.handled !== undefined).length
  const left = rows.length - done - handled
  if (json) world.stdout.write(jsonLine({ replayed: done, left, handledBefore: handled }))
  else {
    world.stdout.write(`${done} replayed, ${left} still not understood, ${handled} handled before\n`)
    if (left > 0)
      world.stderr.write("  tallystick quarantine list shows why; dismiss those that need no answer\n")
  }
  return left > 0 ? EXIT.bad : EXIT.fine
}
