import { userInfo } from "node:os"
import { Refusal } from "../../base/refusal.ts"
import { checkSource } from "../../intake/narrow.ts"
import { readPolicy } from "../../policy/load.ts"
import { type Command, EXIT } from "../command.ts"
import { CONFIG_FLAGS, loadConfig } from "../config-load.ts"
import { openUnserved } from "../open-unserved.ts"
import { KUBERNETES_FLAG, kubernetesOf, readPolicyText } from "../policy-file.ts"
import { policyInForce, policyRecord } from "../policy-in-force-record.ts"

export const policyRecordCommand: Command = {
  name: "policy record",
  summary: "Record that a policy is in force from now on: its bytes, their hash, and who said so.",
  arguments: [
    { name: "file", description: "policy (audit.k8s.io/v1) as the server reads it, or - for standard input" },
  ],
  options: [
    ...CONFIG_FLAGS,
    {
      flags: "--source <source>",
      description: "whose policy it is: a source, or a cluster with all below it",
    },
    KUBERNETES_FLAG,
  ],
  examples: ["tallystick policy record audit-policy.yaml --source prod-1"],
  async run([file = ""], options, world) {
    const { source } = options
    if (typeof source !== "string") throw new Refusal("usage", "expected --source with a source or a cluster")
    checkSource(source)
    const text = await readPolicyText(file, world)
    readPolicy(text, kubernetesOf(options)) // what no server starts with was never in force
    const { config } = await loadConfig(options, world)
    const ledger = await openUnserved(config, world, (trouble) => {
      throw trouble
    })
    try {
      const put = policyInForce({ source, by: userInfo().username, text })
      const { first } = await ledger.journal.appendControl([policyRecord(put)])
      if (options.json === true)
        world.stdout.write(`${JSON.stringify({ record: first, source, sha256: put.sha256 })}\n`)
      else world.stdout.write(`record ${first}: policy ${put.sha256} in force for ${source}\n`)
    } finally {
      await ledger.close()
    }
    return EXIT.fine
  },
}
