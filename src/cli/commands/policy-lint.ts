import { Refusal } from "../../base/refusal.ts"
import { FILE_RULES, lintFile } from "../../connect/index.ts"
import type { Finding, Severity } from "../../policy/finding.ts"
import { LINT_RULES } from "../../policy/index.ts"
import { formatRequest } from "../../policy/request-text.ts"
import { formatSarif } from "../../policy/sarif.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { KUBERNETES_FLAG, kubernetesOf, readPolicyText } from "../policy-file.ts"
import { escapeText, type Paint, paintFor } from "../terminal.ts"
import { VERSION } from "../version.ts"

export const policyLint: Command = {
  name: "policy lint",
  summary:
    "Find what is wrong with an audit policy, or with a configuration that holds one (Talos, static pod, kubeadm, k3s, Helm values).",
  arguments: [
    {
      name: "file",
      description: "policy, or a YAML file that holds one or configures kube-apiserver; - for standard input",
    },
  ],
  options: [
    KUBERNETES_FLAG,
    { flags: "--sarif", description: "print SARIF 2.1.0, for code hosts" },
    { flags: "--rate <n>", description: "events per second that come: tells flags that cannot keep up" },
    { flags: "--strict", description: "warnings are bad answers too" },
  ],
  examples: [
    "tallystick policy lint audit-policy.yaml",
    "tallystick policy lint controlplane.yaml --rate 2000",
    "tallystick policy lint audit-policy.yaml --kubernetes 1.34 --sarif > lint.sarif",
  ],
  async run([file = ""], options, world) {
    const text = await readPolicyText(file, world)
    const rate = rateOf(options)
    const findings = lintFile(text, {
      kubernetes: kubernetesOf(options),
      ...(rate === undefined ? {} : { rate }),
    })
    if (options.sarif === true) {
      const uri = file === "-" ? "stdin" : file
      world.stdout.write(
        formatSarif({ findings, rules: [...LINT_RULES, ...FILE_RULES], uri, version: VERSION }),
      )
    } else if (options.json === true) world.stdout.write(`${JSON.stringify({ findings })}\n`)
    else show(file, findings, world)
    const bad: readonly Severity[] = options.strict === true ? ["error", "warning"] : ["error"]
    return findings.some(({ severity }) => bad.includes(severity)) ? EXIT.bad : EXIT.fine
  },
}

function rateOf({ rate }: Options): number | undefined {
  if (rate === undefined) return undefined
  if (!/^\d{1,6}$/.test(String(rate)))
    throw new Refusal("usage", `expected --rate like 2000, saw ${JSON.stringify(rate)}`)
  return Number(rate)
}

function show(file: string, findings: readonly Finding[], world: World): void {
  const paint = paintFor(world.stdout, world.env)
  const told = new Set<string>()
  for (const finding of findings) {
    const { rule, severity, line, column, message, why, fix, witness } = finding
    const place = `${file}:${line}:${column}`
    write(`${paint.bold(escapeText(place))}: ${coloured(severity, paint)} ${rule}: ${escapeText(message)}`)
    if (!told.has(why)) write(paint.dim(`  why: ${escapeText(why)}`)) // once is enough
    told.add(why)
    if (fix !== undefined) write(`  fix: ${escapeText(fix)}`)
    if (witness !== undefined) write(paint.dim(`  for example: ${escapeText(formatRequest(witness))}`))
  }
  write(findings.length === 0 ? "ok: nothing to correct" : tally(findings))

  function write(text: string): void {
    world.stdout.write(`${text}\n`)
  }
}

function tally(findings: readonly Finding[]): string {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length
  const some = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`
  return `${some(count("error"), "error")}, ${some(count("warning"), "warning")}, ${count("info")} good to know`
}

function coloured(severity: Severity, paint: Paint): string {
  if (severity === "info") return severity
  return severity === "error" ? paint.red(severity) : paint.yellow(severity)
}
