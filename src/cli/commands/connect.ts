import { mkdir } from "node:fs/promises"
import { dirname, join, relative, resolve } from "node:path"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import {
  type Connection,
  type Credential,
  DISTRIBUTIONS,
  MODES,
  type OutFile,
  type Plan,
  planConnection,
  RATE_DEFAULT,
  readPolicyFile,
} from "../../connect/index.ts"
import type { KubernetesVersion } from "../../policy/validate.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { writeOut } from "../new-file.ts"
import { KUBERNETES_FLAG, kubernetesOf, readPolicyText } from "../policy-file.ts"
import { readRate } from "../rate-option.ts"
import { readText } from "../read.ts"
import { jsonLine } from "../terminal.ts"

export const connect: Command = {
  name: "connect",
  summary:
    "Write what a Kubernetes distribution needs so that its API servers record here. Refuses what would keep one from starting.",
  arguments: [{ name: "distribution", description: DISTRIBUTIONS.join(", ") }],
  choices: DISTRIBUTIONS.map((word) => ({ word, summary: `for ${word}` })),
  options: [
    {
      flags: "--policy <file>",
      description: "audit policy, or a YAML file that holds one (tallystick policy preset list has some)",
    },
    { flags: "--url <url>", description: "https address of the ledger, as the control plane nodes reach it" },
    { flags: "--ca <file>", description: "PEM of the authority that signed the ledger's certificate" },
    {
      flags: "--source <source>",
      description: "who sends, like prod-1/cp-1: added to the path (default: the credential's source)",
    },
    { flags: "--client-cert <file>", description: "client certificate to sign in with" },
    { flags: "--client-key <file>", description: "its key" },
    { flags: "--token-file <file>", description: "token to sign in with, instead of a certificate" },
    { flags: "--rate <n>", description: "events per second to plan for", default: RATE_DEFAULT },
    {
      flags: "--mode <mode>",
      description: `${MODES.join(", ")}: what waits, and what is lost`,
      default: "batch",
      values: MODES,
    },
    {
      flags: "--talos-document",
      description: "Talos: the policy as KubeAuditPolicyConfig instead of cluster.apiServer.auditPolicy",
    },
    {
      flags: "--out <dir>",
      description: "folder to write to, which must not hold these files yet (default: standard output)",
    },
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick connect kubeadm --policy audit-policy.yaml --url https://192.0.2.10:8443 --ca ca.crt --token-file token --source prod-1/cp-1 --out prod-1",
    "tallystick connect talos --policy audit-policy.yaml --url https://192.0.2.10:8443 --ca ca.crt --rate 2000 --talos-document",
  ],
  async run([distribution = ""], options, world) {
    const connection = await connectionOf(distribution, options, world)
    const plan = planConnection(connection)
    const out = text(options, "out")
    if (out !== undefined) await writePlan(plan, resolve(world.cwd, out), world)
    if (options.json === true) {
      world.stdout.write(jsonLine({ ...plan, files: plan.files.map((file) => withheld(file, out)) }))
    } else if (out === undefined) show(plan, world)
    else
      world.stdout.write(
        `${plan.steps}\n${plan.files.length + 1} files in ${relative(world.cwd, resolve(world.cwd, out)) || "."}\n`,
      )
    return EXIT.fine
  },
}

async function connectionOf(distribution: string, options: Options, world: World): Promise<Connection> {
  const known = DISTRIBUTIONS.find((name) => name === distribution)
  if (known === undefined)
    throw usage(`no distribution ${JSON.stringify(distribution)}; expected ${DISTRIBUTIONS.join(", ")}`)
  const mode = MODES.find((name) => name === options.mode)
  if (mode === undefined)
    throw usage(`expected --mode ${MODES.join(", ")}, saw ${JSON.stringify(options.mode)}`)
  const [policy, url, ca] = ["policy", "url", "ca"].map((name) => text(options, name))
  if (policy === undefined || url === undefined || ca === undefined)
    throw usage("give --policy, --url and --ca")
  const source = text(options, "source")
  const credential = await credentialOf(options, world)
  if (known === "talos" && credential !== undefined && text(options, "out") === undefined) {
    throw usage("the patch would hold the credential: give --out, so that it goes into a file of mode 0600")
  }
  return {
    ...{
      distribution: known,
      url,
      mode,
      rate: readRate(options) ?? RATE_DEFAULT,
      kubernetes: kubernetesOf(options),
    },
    policy: await policyTextOf(policy, kubernetesOf(options), world),
    ca: await readText(resolve(world.cwd, ca)),
    ...(source === undefined ? {} : { source }),
    ...(credential === undefined ? {} : { credential }),
    form: options.talosDocument === true ? "document" : "field",
  }
}

/** A policy that stands inside another file is taken out of it; what does not load is refused later, with what it would do. */
async function policyTextOf(path: string, kubernetes: KubernetesVersion, world: World): Promise<string> {
  const text = await readPolicyText(path, world)
  try {
    return readPolicyFile(text, kubernetes, path).text
  } catch (error) {
    if (isRefusal(error, "policy.illegal")) return text
    throw error
  }
}

async function credentialOf(options: Options, world: World): Promise<Credential | undefined> {
  const [certificate, key, token] = ["clientCert", "clientKey", "tokenFile"].map((name) =>
    text(options, name),
  )
  const given = async (path: string) => ({ path, text: await readText(resolve(world.cwd, path)) })
  if (token !== undefined) {
    if (certificate !== undefined || key !== undefined) throw usage("a token or a certificate, not both")
    return { kind: "token", token: await given(token) }
  }
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined)
    throw usage("--client-cert and --client-key go together")
  return { kind: "certificate", certificate: await given(certificate), key: await given(key) }
}

function text(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

async function writePlan({ files, steps }: Plan, folder: string, world: World): Promise<void> {
  const all = [...files, { name: "STEPS.md", text: steps, mode: 0o644 }]
  for (const { name, text, mode } of all) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeOut(path, [text], world, mode)
  }
}

function withheld(file: OutFile, out: string | undefined): OutFile {
  return file.secret === true && out === undefined ? { ...file, text: "" } : file
}

function show({ files, steps }: Plan, world: World): void {
  for (const { name, text } of files) world.stdout.write(`# ---- ${name}\n${text}`)
  world.stdout.write(`\n${steps.replace(/^(?=.)/gm, "# ")}`)
}

function usage(message: string): Refusal {
  return new Refusal("usage", message)
}
