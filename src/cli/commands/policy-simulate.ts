import { resolve } from "node:path"
import { Refusal } from "../../base/refusal.ts"
import { type AuditFlags, auditFlagsIn, serverCost } from "../../connect/index.ts"
import { type Capacity, capacityOf, type Tier } from "../../policy/capacity.ts"
import { parseCoverageList } from "../../policy/coverage-list.ts"
import { diffPolicies } from "../../policy/diff.ts"
import { Losses, type Lost, NEEDS_DEFAULT, type Need, QUESTION_NEEDS } from "../../policy/lost.ts"
import type { Policy } from "../../policy/policy.ts"
import { formatRequest } from "../../policy/request-text.ts"
import { Bodies, type Outcome, Simulation } from "../../policy/simulate.ts"
import { toldApartBy } from "../../policy/told-apart.ts"
import type { Seen } from "../../policy/traffic.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { FLAGS_FLAG, KUBERNETES_FLAG, kubernetesOf, readPolicyOf } from "../policy-file.ts"
import { readText } from "../read.ts"
import { simulationText } from "../simulation-text.ts"
import { sumTraffic } from "../traffic-cells.ts"
import { TRAFFIC_FLAGS, type TrafficRead } from "../traffic-input.ts"
import { secondsBetween } from "../traffic-report.ts"
import { jsonLine } from "../terminal.ts"

/** JSON of audit events shrinks to a tenth in Parquet with zstd; one's own ledger shows its own figure. */
const RATIO_DEFAULT = 10
const DAYS_DEFAULT = 30

export const policySimulate: Command = {
  name: "policy simulate",
  summary: "Replay recorded traffic: what a policy would record, what it would cost, what would be lost.",
  arguments: [{ name: "new", description: "the policy to try, or - for standard input" }],
  options: [
    { flags: "--against <policy>", description: "the policy the traffic was recorded under" },
    ...TRAFFIC_FLAGS,
    {
      flags: "--price <tier...>",
      description: "name=usd-per-GB-month[:days], e.g. hot=0.10:14; several may be given",
    },
    {
      flags: "--ratio <n>",
      description: `how many bytes of JSON become one byte kept (default: ${RATIO_DEFAULT})`,
    },
    {
      flags: "--needs <file>",
      description:
        "what must stay visible: questions, or a coverage list whose why is the name (default: questions and protected resources)",
    },
    FLAGS_FLAG,
    {
      flags: "--servers <n>",
      description:
        "kube-apiservers that made the traffic: what each of them bears is a part of it (default: 1)",
    },
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick policy simulate new.yaml --against audit-policy.yaml --on audit-*.log.gz",
    "tallystick policy simulate new.yaml --on ./data --needs questions",
    "tallystick policy simulate new.yaml --on ./data --flags kube-apiserver.yaml --servers 3",
    "tallystick policy simulate new.yaml --on ./data --price hot=0.10:14 --price cold=0.004:365 --json",
  ],
  async run([file = ""], options, world) {
    const read = async (path: string) => (await readPolicyOf(path, options, world)).policy
    const policy = await read(file)
    const current = typeof options.against === "string" ? await read(options.against) : undefined
    const server = { servers: serversOf(options), flags: await flagsOf(options, world) }
    const { minor } = kubernetesOf(options)
    const asked = { tiers: tiersOf(options), ratio: ratioOf(options), server: { ...server, minor } }
    const simulated = await simulate(
      { policy, current, needs: await needsOf(options, world) },
      options,
      world,
    )
    const report = reportOf(simulated, asked)
    world.stdout.write(options.json === true ? jsonLine(report) : simulationText(report))
    return simulated.input.partial === undefined ? EXIT.fine : EXIT.unable
  },
}

type Asked = {
  readonly policy: Policy
  readonly current: Policy | undefined
  readonly needs: readonly Need[]
}

type Simulated = {
  readonly input: TrafficRead
  readonly seen: Seen
  readonly before: Outcome | undefined
  readonly after: Outcome
  readonly lost: readonly Lost[]
  readonly unseen: readonly { readonly pattern: string; readonly example: string }[]
}

async function simulate(
  { policy, current, needs }: Asked,
  options: Options,
  world: World,
): Promise<Simulated> {
  const bodies = new Bodies()
  const after = new Simulation(policy, bodies)
  const before = current && new Simulation(current, bodies)
  const losses = new Losses(policy, needs)
  const { input, seen } = await sumTraffic(options, world, {
    apart: toldApartBy([policy, ...(current === undefined ? [] : [current])]),
    onCells(cells, whole) {
      for (const cell of cells) for (const part of [bodies, after, before, losses]) part?.add(cell, whole)
    },
  })
  return {
    ...{ input, seen, before: before?.outcome(), after: after.outcome() },
    lost: losses.found(current),
    unseen: current === undefined ? [] : neverRecorded(current, policy),
  }
}

/** What the new policy records and the old one did not: no traffic can say how much that is. */
function neverRecorded(current: Policy, policy: Policy): Simulated["unseen"] {
  return diffPolicies(current, policy)
    .filter(({ before, after }) => before.level === "None" && after.level !== "None")
    .map(({ pattern, witness }) => ({ pattern, example: formatRequest(witness) }))
}

type Priced = {
  readonly tiers: readonly Tier[]
  readonly ratio: number
  readonly server: Parameters<typeof serverCost>[1]
}

export type SimulationReport = ReturnType<typeof reportOf>

function reportOf(simulated: Simulated, asked: Priced) {
  const { input, seen, before, after, lost, unseen } = simulated
  const seconds = seen.events === 0 ? 0 : secondsBetween(seen.first, seen.last)
  const capacity = (outcome: { events: number; bytes: number }): Capacity =>
    capacityOf(outcome, seconds, asked)
  return {
    traffic: { ...seen, seconds, ...input },
    recorded: capacity(seen),
    ...(before === undefined ? {} : { before: { ...before, capacity: capacity(before) } }),
    after: { ...after, capacity: capacity(after) },
    apiServer: serverCost({ ...after, seconds }, asked.server),
    ...{ ratio: asked.ratio, lost, neverRecorded: unseen },
  }
}

async function flagsOf({ flags }: Options, world: World): Promise<AuditFlags> {
  return typeof flags === "string" ? auditFlagsIn(await readText(resolve(world.cwd, flags)), flags) : []
}

function serversOf({ servers = "1" }: Options): number {
  if (/^[1-9]\d{0,2}$/.test(String(servers))) return Number(servers)
  throw new Refusal("usage", `expected --servers like 3, saw ${JSON.stringify(servers)}`)
}

async function needsOf({ needs }: Options, world: World): Promise<readonly Need[]> {
  if (typeof needs !== "string") return NEEDS_DEFAULT
  if (needs === "questions") return QUESTION_NEEDS
  const list = parseCoverageList(await readText(resolve(world.cwd, needs)), needs)
  return list.map((line) => ({ name: line.why === "" ? line.resources.join(", ") : line.why, needs: [line] }))
}

const PRICE = /^([A-Za-z][A-Za-z0-9_-]{0,31})=(\d{1,6}(?:\.\d{1,9})?)(?::(\d{1,5}))?$/

function tiersOf({ price }: Options): readonly Tier[] {
  return (Array.isArray(price) ? (price as readonly string[]) : []).map((text) => {
    const [, name, usd, days] = PRICE.exec(text) ?? []
    if (name === undefined || usd === undefined) {
      throw new Refusal("usage", `expected --price like hot=0.10 or hot=0.10:14, saw ${JSON.stringify(text)}`)
    }
    return { name, usdPerGbMonth: Number(usd), days: days === undefined ? DAYS_DEFAULT : Number(days) }
  })
}

function ratioOf({ ratio }: Options): number {
  const value = ratio === undefined ? RATIO_DEFAULT : Number(ratio)
  if (value >= 1 && value <= 1000) return value
  throw new Refusal("usage", `expected --ratio from 1 to 1000, saw ${JSON.stringify(ratio)}`)
}
