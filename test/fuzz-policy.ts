/**
 * Texts of all kinds to everything that reads policies and the files around them: findings, an answer or a refusal come back,
 * never anything else, and none takes long. By hand, since a hundred thousand take minutes:
 *
 *     node test/fuzz-policy.ts [count] [seed]
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isRefusal } from "../src/base/refusal.ts"
import { auditFlagsIn, fixFile, lintFile, readPolicyFile } from "../src/connect/index.ts"
import { coverageOf } from "../src/policy/coverage.ts"
import { diffPolicies, NEWEST, PRESETS, PROTECTED } from "../src/policy/index.ts"

const [COUNT = 100_000, SEED = 1] = process.argv.slice(2).map(Number)
/** Nobody waits longer for a file. Of CPU: the machine may be busy with other things. */
const SLOW_MS = 5_000
const SHOWN_BYTES = 2_000
const TOLD_EVERY = 5_000

let state = SEED >>> 0
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
const upTo = (n: number): number => Math.floor(random() * n)
const pick = <T>(list: readonly T[]): T => list[upTo(list.length)] as T

const KEYS =
  "apiVersion kind metadata rules omitStages omitManagedFields level users userGroups verbs resources group resourceNames namespaces nonResourceURLs cluster apiServer auditPolicy extraArgs extraVolumes machine spec containers command kube-apiserver-arg nodes kubeadmConfigPatches clusters server configuration values << 1 null on".split(
    " ",
  )
const SCALARS = [
  ...["audit.k8s.io/v1", "Policy", "Metadata", "None", "RequestResponse", "RequestReceived", "pods/*", "*"],
  ...["", "~", "on", "0x1f", "1e400", ".nan", "'", '"a', "|", ">-", "&a [x]", "*a", "!!str 1", "!!binary a"],
  ...["[", "]", "{", "}", "{a: b}", "[a, [b]]", "# c", "a: b", "- x", "\u2028", "\u0000", "\ud800", "é"],
  ...["--audit-log-path=/a", "/healthz*", "{{ .Values.x }}", "{% if x %}", "x".repeat(300)],
]

/** Something like YAML, line by line. */
function composed(): string {
  const lines = Array.from({ length: upTo(30) }, () => {
    const indent = " ".repeat(upTo(5) * 2)
    const dash = random() < 0.3 ? "- " : ""
    const value = random() < 0.6 ? pick(SCALARS) : ""
    return random() < 0.85 ? `${indent}${dash}${pick(KEYS)}: ${value}` : `${indent}${dash}${pick(SCALARS)}`
  })
  return (
    pick(["", "---\n", "%YAML 1.1\n---\n", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"]) +
    lines.join("\n")
  )
}

const REAL: readonly string[] = [
  ...PRESETS.map(({ text }) => text),
  ...PRESETS.map(
    ({ text }) => `cluster:\n  apiServer:\n    auditPolicy:\n${text.replaceAll(/^(?=.)/gm, "      ")}`,
  ),
  ...PRESETS.map(({ text }) => `values:\n  policy: |\n${text.replaceAll(/^(?=.)/gm, "    ")}`),
  ...fixtures(join(import.meta.dirname, "fixtures")),
]

function fixtures(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"))
}

/** A real file with lines moved, doubled, dropped, indented otherwise, values swapped, signs put in. */
function mutated(): string {
  const lines = pick(REAL).split("\n")
  for (let left = 1 + upTo(3); left > 0; left--) {
    const [at, other] = [upTo(lines.length), upTo(lines.length)]
    const line = lines[at] ?? ""
    const [swapped, place] = [lines[other] ?? "", upTo(line.length + 1)]
    pick<() => void>([
      () => lines.splice(at, 1),
      () => lines.splice(at, 0, swapped),
      () => lines.splice(at, 2, swapped, line),
      () => lines.splice(at, 1, `${" ".repeat(upTo(9))}${line.trimStart()}`),
      () => lines.splice(at, 1, line.slice(0, place) + pick(SCALARS) + line.slice(place + upTo(3))),
      () => lines.splice(at, 1, line.replace(/:.*/, `: ${pick(SCALARS)}`)),
      () => lines.splice(at, 1, line.replace(/[\w-]+:/, `${pick(KEYS)}:`)),
    ])()
  }
  return lines.join("\n")
}

const counts = { findings: 0, loaded: 0, refused: 0, slowest: 0, slowestText: "" }
for (let i = 0; i < COUNT; i++) {
  const text = random() < 0.4 ? composed() : mutated()
  const start = process.cpuUsage()
  try {
    counts.findings += lintFile(text, { rate: 1_000 }).length
    if (i % 4 === 0) fixFile(text, {})
    tryAll(text)
  } catch (error) {
    console.log(`seed ${SEED}, text ${i}:\n${text.slice(0, SHOWN_BYTES)}`)
    throw error
  }
  if (i % TOLD_EVERY === TOLD_EVERY - 1) console.log(`${i + 1} texts`)
  const { user, system } = process.cpuUsage(start)
  const took = (user + system) / 1_000
  if (took > counts.slowest) Object.assign(counts, { slowest: Math.round(took), slowestText: text })
}
const { slowestText, ...numbers } = counts
console.log(`${COUNT} texts: ${JSON.stringify(numbers)}`)
if (counts.slowest > SLOW_MS) {
  console.log(`the slowest took longer than ${SLOW_MS} ms:\n${slowestText.slice(0, SHOWN_BYTES)}`)
  process.exitCode = 1
}

/** What only a policy that loads can be asked, and what refuses by design. */
function tryAll(text: string): void {
  try {
    const { policy } = readPolicyFile(text, NEWEST)
    counts.loaded++
    if (counts.loaded % 8 === 0) {
      coverageOf(policy, PROTECTED)
      diffPolicies(policy, readPolicyFile(REAL[0] ?? "", NEWEST).policy)
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    counts.refused++
  }
  try {
    auditFlagsIn(text)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}
