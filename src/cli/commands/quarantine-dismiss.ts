import { userInfo } from "node:os"
import { WHY_LENGTH_MAX } from "../../api/routes/quarantine.ts"
import { Refusal } from "../../base/refusal.ts"
import { controlRecord } from "../../journal/control-kind.ts"
import { did } from "../../seal/control.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { openUnserved, unservedOrThrough } from "../open-unserved.ts"
import { DISMISSED, openQuarantine, QUARANTINE_FLAGS } from "../quarantined.ts"
import { recordNumber } from "../record-number.ts"
import { openRemote, postDismissal } from "../remote.ts"
import { jsonLine } from "../terminal.ts"

export const quarantineDismiss: Command = {
  name: "quarantine dismiss",
  summary:
    "Take records off the list: they need no answer. Nothing is deleted, and who dismissed them, and why, is a record too.",
  arguments: [{ name: "record", description: "numbers from quarantine list", variadic: true }],
  options: [
    ...CONFIG_FLAGS,
    ...QUARANTINE_FLAGS,
    { flags: "--why <text>", description: "the reason, for whoever reads the ledger later" },
  ],
  examples: ["tallystick quarantine dismiss 4711 4712 --why 'a port scan, ticket 815'"],
  async run(records, options, world) {
    const why = typeof options.why === "string" ? options.why.trim() : ""
    if (why === "" || why.length > WHY_LENGTH_MAX)
      throw new Refusal("usage", `expected --why with a reason of up to ${WHY_LENGTH_MAX} characters`)
    const quarantine = await openQuarantine(options, world)
    const numbers = records.map(recordNumber)
    for (const record of numbers)
      if ((await quarantine.get(record)) === undefined)
        throw new Refusal("record.notQuarantined", `record ${record} is not in the quarantine`)
    await dismiss(numbers, why, options, world)
    if (options.json === true) world.stdout.write(jsonLine({ dismissed: numbers, why }))
    else world.stdout.write(`${numbers.length} dismissed\n`)
    return EXIT.fine
  },
}

async function dismiss(
  records: readonly number[],
  why: string,
  options: Options,
  world: World,
): Promise<void> {
  const through = async (server: string) => {
    const remote = await openRemote(server, options, world)
    for (const record of records) await postDismissal(remote, { record, why })
  }
  if (typeof options.server === "string") return await through(options.server)
  await unservedOrThrough(world, () => dismissAlone(records, why, options, world), through)
}

async function dismissAlone(
  records: readonly number[],
  why: string,
  options: Options,
  world: World,
): Promise<void> {
  const { config } = await loadConfig(options, world)
  const onTrouble = (trouble: Refusal) => {
    throw trouble
  }
  const ledger = await openUnserved(config, world, { onTrouble })
  try {
    const by = userInfo().username
    const told = records.map((record) => {
      const facts = Object.entries({ record: String(record), by, why })
      return controlRecord(did.format({ what: DISMISSED, facts }))
    })
    await ledger.journal.appendControl(told)
  } finally {
    await ledger.close()
  }
}
