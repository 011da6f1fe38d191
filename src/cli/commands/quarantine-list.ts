import { Refusal } from "../../base/refusal.ts"
import { QUARANTINE } from "../../event/quarantine.ts"
import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS } from "../config-load.ts"
import { widthFor } from "../output.ts"
import { openQuarantine, QUARANTINE_FLAGS, type QuarantinedRow } from "../quarantined.ts"
import { escapeText, fit, jsonLine, table } from "../terminal.ts"

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 10_000
const PREVIEW_COLUMNS = 60

export const quarantineList: Command = {
  name: "quarantine list",
  summary: "List records that were kept without being understood, newest first.",
  arguments: [],
  options: [
    ...CONFIG_FLAGS,
    ...QUARANTINE_FLAGS,
    {
      flags: "--reason <code>",
      description: `only one of ${Object.keys(QUARANTINE).join(", ")}`,
      values: Object.keys(QUARANTINE),
    },
    { flags: "--all", description: "also those that were replayed or dismissed" },
    { flags: "--limit <n>", description: "show at most so many", default: String(LIMIT_DEFAULT) },
  ],
  examples: ["tallystick quarantine list", "tallystick quarantine list --reason cutOff --json"],
  async run(_args, options, world) {
    const limit = Number(options.limit ?? LIMIT_DEFAULT)
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
      throw new Refusal("usage", `expected --limit from 1 to ${LIMIT_MAX}`)
    }
    const reason = typeof options.reason === "string" ? options.reason : undefined
    if (reason !== undefined && !Object.hasOwn(QUARANTINE, reason)) {
      throw new Refusal(
        "usage",
        `there is no reason ${JSON.stringify(reason)}; expected one of ${Object.keys(QUARANTINE).join(", ")}`,
      )
    }
    const rows = await (await openQuarantine(options, world)).list({
      reason,
      limit,
      all: options.all === true,
    })
    if (options.json === true) {
      for (const row of rows) world.stdout.write(jsonLine(publicRow(row)))
    } else if (rows.length === 0) world.stdout.write("nothing is quarantined\n")
    else {
      world.stdout.write(
        table(rows.map(shown), options.all === true ? [...COLUMNS, HANDLED] : COLUMNS, widthFor(world)),
      )
    }
    return EXIT.fine
  },
}

const COLUMNS = [
  { name: "record", align: "right", whole: true },
  { name: "receivedAt", title: "received", whole: true },
  { name: "source" },
  { name: "reason", whole: true },
  { name: "size", align: "right", whole: true },
  { name: "preview" },
] as const
const HANDLED = { name: "handled", whole: true } as const

function shown({ record, receivedAt, source, reason, body, handled }: QuarantinedRow) {
  const preview = fit(escapeText(body.subarray(0, 4 * PREVIEW_COLUMNS).toString("utf8")), PREVIEW_COLUMNS)
  return { record: String(record), receivedAt, source, reason, handled, size: String(body.length), preview }
}

function publicRow({ record, receivedAt, source, kind, reason, body, handled }: QuarantinedRow) {
  const preview = body.subarray(0, 4 * PREVIEW_COLUMNS).toString("utf8")
  return { record, receivedAt, source, kind, reason, why: whyOf(reason), handled, size: body.length, preview }
}

function whyOf(reason: string): string | undefined {
  return Object.entries(QUARANTINE).find(([code]) => code === reason)?.[1]
}
