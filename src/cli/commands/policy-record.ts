import { userInfo } from "node:os"
import { resolve } from "node:path"
import { Refusal } from "../../base/refusal.ts"
import { type AuditFlags, ifAuditFlags, readPolicyFile } from "../../connect/index.ts"
import { checkSource } from "../../intake/narrow.ts"
import { type Command, EXIT, type Options, type World } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { type Advice, stopIt } from "../holder.ts"
import { openUnserved } from "../open-unserved.ts"
import { FLAGS_FLAG, KUBERNETES_FLAG, kubernetesOf, POLICY_ARGUMENT, readPolicyText } from "../policy-file.ts"
import {
  policyInForce,
  policyRecord,
  type ServerEvidence,
  serverEvidence,
} from "../policy-in-force-record.ts"
import { readText } from "../read.ts"
import { jsonLine } from "../terminal.ts"

export const policyRecordCommand: Command = {
  name: "policy record",
  summary: "Record that a policy is in force from now on: its bytes, their hash, and who said so.",
  arguments: [POLICY_ARGUMENT],
  options: [
    ...CONFIG_FLAGS,
    {
      flags: "--source <source>",
      description: "whose policy it is: a source, or a cluster with all below it",
    },
    FLAGS_FLAG,
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick policy record audit-policy.yaml --source prod-1",
    "tallystick policy record audit-policy.yaml --source prod-1 --flags /etc/kubernetes/manifests/kube-apiserver.yaml",
    "tallystick policy record controlplane.yaml --source prod-1",
  ],
  async run([file = ""], options, world) {
    const { source } = options
    if (typeof source !== "string") throw new Refusal("usage", "expected --source with a source or a cluster")
    checkSource(source)
    const whole = await readPolicyText(file, world)
    const { text } = readPolicyFile(whole, kubernetesOf(options), file) // what no server starts with was never in force
    const server = await serverOf({ whole, file }, options, world)
    const { config } = await loadConfig(options, world)
    const onTrouble = (trouble: Refusal) => {
      throw trouble
    }
    const ledger = await openUnserved(config, world, { onTrouble, advice: declareIt })
    try {
      const put = policyInForce({ source, by: userInfo().username, text, ...server })
      const { first } = await ledger.journal.appendControl([policyRecord(put)])
      if (options.json === true)
        world.stdout.write(jsonLine({ record: first, source, sha256: put.sha256, ...server }))
      else
        world.stdout.write(
          `record ${first}: policy ${put.sha256} in force for ${source}${flagsText(server.server?.flags)}\n`,
        )
    } finally {
      await ledger.close()
    }
    return EXIT.fine
  },
}

/** A server records by itself what its configuration declares. */
const declareIt: Advice = (holder) =>
  holder.url === undefined
    ? stopIt(holder)
    : `name the file under policy.declared in its configuration and it is recorded whenever it changes; or ${stopIt(holder)}`

/** From the file that is named, or the one that holds the policy where it configures a server, too. */
async function serverOf(
  { whole, file }: { readonly whole: string; readonly file: string },
  { flags }: Options,
  world: World,
): Promise<{ readonly server?: ServerEvidence }> {
  if (typeof flags === "string")
    return { server: serverEvidence(await readText(resolve(world.cwd, flags)), flags) }
  return ifAuditFlags(whole) === undefined ? {} : { server: serverEvidence(whole, file) }
}

function flagsText(flags: AuditFlags | undefined): string {
  return flags === undefined ? "" : `, with ${flags.length} audit ${flags.length === 1 ? "flag" : "flags"}`
}
