import { ACTORS, type LevelRow, levelTable, VERB_COLUMNS } from "../../policy/level-table.ts"
import type { Level } from "../../policy/policy.ts"
import { formatResource } from "../../policy/request-text.ts"
import { type Command, EXIT, type ExitCode, type Options, type World } from "../command.ts"
import { widthFor } from "../output.ts"
import { KUBERNETES_FLAG, POLICY_ARGUMENT, readPolicyOf } from "../policy-file.ts"
import { formatAmount } from "../progress.ts"
import { escapeText, jsonLine, table } from "../terminal.ts"
import { hasTraffic, readTraffic, TRAFFIC_FLAGS } from "../traffic-input.ts"

export const policyShow: Command = {
  name: "policy show",
  summary: "Show the level that each resource reaches, by verb and by who asks.",
  arguments: [POLICY_ARGUMENT],
  options: [...TRAFFIC_FLAGS, KUBERNETES_FLAG],
  examples: [
    "tallystick policy show audit-policy.yaml",
    "tallystick policy show audit-policy.yaml --on ./data --where '_time:1d'",
  ],
  async run([file = ""], options, world) {
    const { policy } = await readPolicyOf(file, options, world)
    const rows = levelTable(policy)
    const measured = hasTraffic(options) ? await measure(options, world) : undefined
    if (options.json === true) {
      world.stdout.write(
        jsonLine({
          actors: ACTORS,
          columns: VERB_COLUMNS,
          rows,
          ...(measured === undefined ? {} : { measured: measuredFacts(measured) }),
        }),
      )
      return exitOf(measured)
    }
    const columns = VERB_COLUMNS.map(({ name, verbs }) => `${name}: ${verbs.join(", ")}`)
    world.stdout.write(
      table(
        [
          ...rows.map((row) => ({ ...shown(row), ...measuredCells(measured, row.resource) })),
          ...restRow(measured, rows),
        ],
        [
          { name: "resource", whole: true },
          ...ACTORS.map(({ name }) => name),
          ...(measured === undefined ? [] : ["events", "bytes"]),
        ],
        widthFor(world),
      ),
    )
    world.stdout.write(
      `\nEach cell: ${columns.join(" | ")}.\n- None, M Metadata, R Request, RR RequestResponse; `,
    )
    world.stdout.write("several where verbs of a column differ. In namespace default.\n")
    if (measured?.partial !== undefined)
      world.stdout.write(`Only part of the events was read: ${escapeText(measured.partial)}\n`)
    return exitOf(measured)
  },
}

const SHORT: Readonly<Record<Level, string>> = {
  None: "-",
  Metadata: "M",
  Request: "R",
  RequestResponse: "RR",
}

function shown({ resource, levels }: LevelRow): Record<string, string> {
  const cell = (columns: readonly (readonly Level[])[]) =>
    columns.map((found) => found.map((level) => SHORT[level]).join("/")).join(" | ")
  return {
    resource,
    ...Object.fromEntries(ACTORS.map(({ name }, actor) => [name, cell(levels[actor] ?? [])])),
  }
}

type Amount = { readonly events: number; readonly bytes: number }
type Measured = { readonly amounts: ReadonlyMap<string, Amount>; readonly partial: string | undefined }

/** Resources told apart; clients can name any number that do not exist. */
const RESOURCES_MAX = 10_000
const REST = "all others"

/** Events and bytes as recorded, by resource; what is for no resource counts under its own name. */
async function measure(options: Options, world: World): Promise<Measured> {
  const amounts = new Map<string, Amount>()
  const { partial } = await readTraffic(options, world, ({ resource, size }) => {
    const name = resource === undefined ? REST : formatResource(resource)
    const key = amounts.has(name) || amounts.size < RESOURCES_MAX ? name : REST
    const known = amounts.get(key) ?? { events: 0, bytes: 0 }
    amounts.set(key, { events: known.events + 1, bytes: known.bytes + size.whole })
  })
  return { amounts, partial }
}

function measuredFacts({ amounts, partial }: Measured) {
  return { partial, resources: Object.fromEntries(amounts) }
}

function measuredCells(measured: Measured | undefined, resource: string): Record<string, string> {
  return measured === undefined ? {} : cellsOf(measured.amounts.get(resource) ?? { events: 0, bytes: 0 })
}

function cellsOf({ events, bytes }: Amount): Record<string, string> {
  return { events: formatAmount(events, "").trim(), bytes: formatAmount(bytes, "bytes") }
}

/** What was recorded of anything that is not in the table. */
function restRow(
  measured: Measured | undefined,
  rows: readonly LevelRow[],
): readonly Record<string, string>[] {
  if (measured === undefined) return []
  const shownNames = new Set(rows.map(({ resource }) => resource))
  const others = [...measured.amounts].filter(([name]) => !shownNames.has(name)).map(([, amount]) => amount)
  const rest = others.reduce(
    (sum, { events, bytes }) => ({ events: sum.events + events, bytes: sum.bytes + bytes }),
    {
      ...{ events: 0, bytes: 0 },
    },
  )
  return [{ resource: REST, ...cellsOf(rest) }]
}

function exitOf(measured: Measured | undefined): ExitCode {
  return measured?.partial === undefined ? EXIT.fine : EXIT.unable
}
