import { Refusal } from "../../base/refusal.ts"
import { resolve } from "node:path"
import { FILE_RULES, type FileLintOptions, fixFile, lintFile } from "../../connect/index.ts"
import type { Finding, Severity } from "../../policy/finding.ts"
import { LINT_RULES } from "../../policy/index.ts"
import { formatRequest } from "../../policy/request-text.ts"
import { formatSarif } from "../../policy/sarif.ts"
import { type Command, EXIT, type World } from "../command.ts"
import { KUBERNETES_FLAG, kubernetesOf, readPolicyText } from "../policy-file.ts"
import { readRate } from "../rate-option.ts"
import { replaceFile } from "../replace-file.ts"
import { escapeText, jsonLine, type Paint, paintFor } from "../terminal.ts"
import { unifiedDiff } from "../unified-diff.ts"
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
    { flags: "--fix", description: "mend what is safe to mend, in the file; the rest is printed" },
    { flags: "--dry-run", description: "with --fix: print the difference instead of writing it" },
    { flags: "--sarif", description: "print SARIF 2.1.0, for code hosts" },
    { flags: "--rate <n>", description: "events per second that come: tells flags that cannot keep up" },
    { flags: "--strict", description: "warnings are bad answers too" },
  ],
  examples: [
    "tallystick policy lint audit-policy.yaml",
    "tallystick policy lint controlplane.yaml --rate 2000",
    "tallystick policy lint audit-policy.yaml --fix --dry-run",
    "tallystick policy lint audit-policy.yaml --kubernetes 1.34 --sarif > lint.sarif",
  ],
  async run([file = ""], options, world) {
    const rate = readRate(options)
    const asked = { kubernetes: kubernetesOf(options), ...(rate === undefined ? {} : { rate }) }
    const given = await readPolicyText(file, world)
    if (options.dryRun === true && options.fix !== true)
      throw new Refusal("usage", "--dry-run goes with --fix")
    if (options.fix === true && options.dryRun === true) {
      const mended = fixFile(given, asked).text
      world.stdout.write(unifiedDiff(given, mended, file))
      if (mended === given) world.stderr.write("nothing that --fix mends by itself\n")
      return EXIT.fine
    }
    const text = options.fix === true ? await fix(file, given, asked, world) : given
    const findings = lintFile(text, asked)
    if (options.sarif === true) {
      const uri = file === "-" ? "stdin" : file
      world.stdout.write(
        formatSarif({ findings, rules: [...LINT_RULES, ...FILE_RULES], uri, version: VERSION }),
      )
    } else if (options.json === true) world.stdout.write(jsonLine({ findings }))
    else show(file, findings, world)
    const bad: readonly Severity[] = options.strict === true ? ["error", "warning"] : ["error"]
    return findings.some(({ severity }) => bad.includes(severity)) ? EXIT.bad : EXIT.fine
  },
}

async function fix(file: string, text: string, asked: FileLintOptions, world: World): Promise<string> {
  if (file === "-")
    throw new Refusal("usage", "--fix needs a file; for standard input there is --fix --dry-run")
  const fixed = fixFile(text, asked)
  if (fixed.made.length > 0) await replaceFile(resolve(world.cwd, file), fixed.text)
  for (const { rule, message } of fixed.made) world.stderr.write(`mended ${rule}: ${escapeText(message)}\n`)
  return fixed.text
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
  const mendable = findings.filter(({ edit }) => edit !== undefined).length
  if (mendable > 0) write(paint.dim(`--fix knows an edit for ${mendable} of them; --fix --dry-run shows it`))

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
