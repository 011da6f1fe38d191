import { Refusal } from "../../base/refusal.ts"
import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS } from "../config-load.ts"
import { openQuarantine, QUARANTINE_FLAGS } from "../quarantined.ts"
import { recordNumber } from "../record-number.ts"
import { escapeLines, jsonLine } from "../terminal.ts"

export const quarantineShow: Command = {
  name: "quarantine show",
  summary: "Print the exact bytes of one quarantined record: raw to a pipe, escaped on a terminal.",
  arguments: [{ name: "record", description: "number of the record, from quarantine list" }],
  options: [...CONFIG_FLAGS, ...QUARANTINE_FLAGS],
  examples: ["tallystick quarantine show 4711 > item.json"],
  async run([record = ""], options, world) {
    const row = await (await openQuarantine(options, world)).get(recordNumber(record))
    if (row === undefined)
      throw new Refusal("record.notQuarantined", `record ${record} is not in the quarantine`)
    const { body, ...facts } = row
    if (options.json === true) {
      world.stdout.write(jsonLine({ ...facts, size: body.length, base64: body.toString("base64") }))
    } else if (world.stdout.isTTY) world.stdout.write(`${escapeLines(body.toString("utf8"))}\n`)
    else {
      world.stdout.write(body)
      await world.stdout.drained()
    }
    return EXIT.fine
  },
}
