import { resolve } from "node:path"
import { auditFlagsIn, FlagDrift } from "../../connect/index.ts"
import { type Drift, DriftSearch } from "../../policy/drift.ts"
import { driftText } from "../../policy/drift-text.ts"
import { namesToldApartBy } from "../../policy/told-apart.ts"
import { Traffic } from "../../policy/traffic.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { FLAGS_FLAG, KUBERNETES_FLAG, POLICY_ARGUMENT, readPolicyOf } from "../policy-file.ts"
import { readText } from "../read.ts"
import { escapeText, jsonLine, paintFor } from "../terminal.ts"
import { readTraffic, TRAFFIC_FLAGS } from "../traffic-input.ts"
import { secondsBetween } from "../traffic-report.ts"

export const policyDrift: Command = {
  name: "policy drift",
  summary:
    "Hold recorded events against the policy that is said to be in force. Exit code 1 where they differ.",
  arguments: [POLICY_ARGUMENT],
  options: [...TRAFFIC_FLAGS, FLAGS_FLAG, KUBERNETES_FLAG],
  examples: [
    "tallystick policy drift audit-policy.yaml --on /var/log/kubernetes/audit.log",
    "tallystick policy drift audit-policy.yaml --on ./data --where '_time:1h source:=prod-1/apiserver-0'",
  ],
  async run([file = ""], options, world) {
    const { policy } = await readPolicyOf(file, options, world)
    const search = new DriftSearch(policy)
    const onCells = (cells: Parameters<ConstructorParameters<typeof Traffic>[0]["onCells"]>[0]): void => {
      for (const cell of cells) search.add(cell)
    }
    const traffic = new Traffic({ apart: namesToldApartBy([policy]), onCells })
    const flags = await flagDriftOf(options, world)
    const input = await readTraffic(options, world, (sighting) => {
      traffic.add(sighting)
      flags?.add(sighting)
    })
    traffic.flush()
    const { first, last } = traffic.seen
    const drifts = [...(flags?.found() ?? []), ...search.found(secondsBetween(first, last))]
    if (options.json === true)
      world.stdout.write(jsonLine({ traffic: { ...traffic.seen, ...input }, drifts }))
    else show(drifts, { ...traffic.seen, ...input }, world)
    if (input.partial !== undefined) return EXIT.unable
    return drifts.length === 0 ? EXIT.fine : EXIT.bad
  },
}

async function flagDriftOf({ flags }: Options, world: World): Promise<FlagDrift | undefined> {
  if (typeof flags !== "string") return undefined
  return new FlagDrift(auditFlagsIn(await readText(resolve(world.cwd, flags)), flags))
}

type Read = Traffic["seen"] & Awaited<ReturnType<typeof readTraffic>>

function show(drifts: readonly Drift[], read: Read, world: World): void {
  const paint = paintFor(world.stdout, world.env)
  for (const drift of drifts) {
    const { kind, events, since, until, examples, request, because } = drift
    const colour = kind === "missing" ? paint.yellow : paint.red
    write(colour(escapeText(driftText(drift))))
    if (kind !== "missing")
      write(escapeText(`  ${events} events, ${since} to ${until}: ${examples.join(", ")}`))
    write(paint.dim(escapeText(`  for example ${request}`)))
    if (because !== undefined) write(paint.dim(escapeText(`  because ${because}`)))
  }
  if (drifts.length === 0) write("ok: the policy would have produced these events")
  if (read.partial !== undefined) write(escapeText(`only part of the events was read: ${read.partial}`))
  if (read.notUnderstood > 0) write(`${read.notUnderstood} items are no audit events and were not judged`)
  if (read.tableRows > 0) write("rows of a table have no levels and no groups: only stages were judged")

  function write(text: string): void {
    world.stdout.write(`${text}\n`)
  }
}
