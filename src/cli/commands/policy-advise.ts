import { Refusal } from "../../base/refusal.ts"
import { readPolicyFile } from "../../connect/read-policy.ts"
import { type Advice, Advisor, type Talker } from "../../policy/advise.ts"
import { patchPolicy } from "../../policy/patch.ts"
import { formatRule } from "../../policy/policy-yaml.ts"
import { type Command, EXIT, type Options } from "../command.ts"
import { writeOut } from "../new-file.ts"
import { KUBERNETES_FLAG, kubernetesOf, POLICY_ARGUMENT, readPolicyText } from "../policy-file.ts"
import { formatAmount } from "../progress.ts"
import { escapeLines, escapeText, jsonLine, table } from "../terminal.ts"
import { ALL_BUT_NAMES } from "../../policy/told-apart.ts"
import { sumTraffic } from "../traffic-cells.ts"
import { TRAFFIC_FLAGS, type TrafficRead } from "../traffic-input.ts"

const TOP_DEFAULT = 10
const TOP_MAX = 200

export const policyAdvise: Command = {
  name: "policy advise",
  summary: "Show who fills the log, and rules that leave out what no protected resource needs.",
  arguments: [POLICY_ARGUMENT],
  options: [
    ...TRAFFIC_FLAGS,
    { flags: "--by <measure>", description: "bytes or events (default: bytes)", values: ["bytes", "events"] },
    { flags: "--top <n>", description: `so many (default: ${TOP_DEFAULT})` },
    { flags: "--out <file>", description: "write the policy with the rules in it to a new file" },
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick policy advise audit-policy.yaml --on audit-*.log.gz",
    "tallystick policy advise audit-policy.yaml --on ./data --by events --out quieter.yaml",
  ],
  async run([file = ""], options, world) {
    const [count, by] = [topOf(options), byOf(options)]
    const text = await readPolicyText(file, world)
    const { policy, yaml } = readPolicyFile(text, kubernetesOf(options), file)
    const advisor = new Advisor(policy)
    const { input, seen } = await sumTraffic(options, world, {
      apart: ALL_BUT_NAMES,
      onCells: (cells) => {
        for (const cell of cells) advisor.add(cell)
      },
    })
    const talkers = advisor.top(count, by)
    const advised = talkers.flatMap(({ advice }) => (advice.kind === "rule" ? [advice] : []))
    const saved = sumOf(talkers.filter(({ advice }) => advice.kind === "rule"))
    const patched =
      advised.length === 0 ? undefined : patchPolicy(text, yaml, advised, file === "-" ? "policy.yaml" : file)
    const out = typeof options.out === "string" ? options.out : undefined
    if (out !== undefined && patched !== undefined) await writeOut(out, [patched.text], world)
    const facts = { traffic: { ...seen, ...input }, talkers, saved, beyond: advisor.beyond }
    if (options.json === true)
      world.stdout.write(jsonLine({ ...facts, patch: patched?.patch ?? null, out: out ?? null }))
    else {
      world.stdout.write(talkerTable(talkers))
      world.stdout.write(savingText(saved, seen, limitsOf(input, advisor.beyond)))
      world.stdout.write(escapeLines(patched?.patch ?? rulesText(advised)))
    }
    return input.partial === undefined ? EXIT.fine : EXIT.unable
  },
}

type Saved = { readonly events: number; readonly bytes: number }

function sumOf(talkers: readonly Talker[]): Saved {
  return {
    events: talkers.reduce((sum, { events }) => sum + events, 0),
    bytes: talkers.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function talkerTable(talkers: readonly Talker[]): string {
  const rows = talkers.map(({ user, verb, target, events, bytes, advice }) => ({
    ...{ user, verb, target, events: formatAmount(events, "").trim(), bytes: formatAmount(bytes, "bytes") },
    advice: advice.kind === "rule" ? `leave out, before rule ${advice.before + 1}` : `keep: ${advice.why}`,
  }))
  return table(rows, ["user", "verb", "target", "events", "bytes", "advice"], Number.POSITIVE_INFINITY)
}

function savingText(saved: Saved, all: Saved, limits: readonly string[]): string {
  const share = (part: number, whole: number): string =>
    `${whole === 0 ? 0 : Math.round((part / whole) * 100)} %`
  const lines = [
    `\nthe rules save ${saved.events} of ${all.events} events (${share(saved.events, all.events)}) and ${formatAmount(saved.bytes, "bytes")} (${share(saved.bytes, all.bytes)})`,
    ...limits.map(escapeText),
  ]
  return `${lines.join("\n")}\n\n`
}

/** What the table does not show, and why. */
function limitsOf({ partial, notUnderstood, tableRows }: TrafficRead, beyond: number): readonly string[] {
  return [
    partial === undefined ? "" : `only part of the events was read: ${partial}`,
    notUnderstood === 0 ? "" : `${notUnderstood} items were no audit events and count nowhere`,
    tableRows === 0 ? "" : `${tableRows} events are rows of a table: their bytes are a lower bound`,
    beyond === 0
      ? ""
      : `${beyond} times requests came of more kinds than are told apart; they are not looked at`,
  ].filter((text) => text !== "")
}

/** For policies whose rules stand in braces: the rules alone, each with its place. */
function rulesText(advised: readonly Advice[]): string {
  return advised.map(({ rule, before }) => formatRule(rule, 0, `before rule ${before + 1}`)).join("")
}

function topOf({ top }: Options): number {
  const count = top === undefined ? TOP_DEFAULT : Number(top)
  if (Number.isInteger(count) && count >= 1 && count <= TOP_MAX) return count
  throw new Refusal("usage", `expected --top from 1 to ${TOP_MAX}, saw ${JSON.stringify(top)}`)
}

function byOf({ by }: Options): "bytes" | "events" {
  if (by === undefined || by === "bytes") return "bytes"
  if (by === "events") return "events"
  throw new Refusal("usage", `expected --by bytes or --by events, saw ${JSON.stringify(by)}`)
}
