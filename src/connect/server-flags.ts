import { isRefusal, Refusal } from "../base/refusal.ts"
import { parseYamlDocuments } from "../base/yaml.ts"
import { readServers } from "./read-server.ts"
import { withoutTemplate } from "./template.ts"

/** `--audit-log-path=/var/log/audit.log`, in the order of their names; of a flag that stands twice the last, as the server has it. */
export type AuditFlags = readonly string[]

/** A flag on a line of its own, as `/flagz` prints it and `tr '\0' '\n' < /proc/PID/cmdline`. */
const FLAG_LINE = /^(?:--)?(audit-[a-z0-9-]+)\s*=(.*)$|^--(audit-[a-z0-9-]+)$/
const FLAGS_MAX = 200

/**
 * The audit flags of the one kube-apiserver that a text configures: any file that lint reads (static pod, machine
 * configuration, kubeadm, k3s, RKE2, kind), or lines of flags. Only these flags are taken: such files hold keys and
 * tokens, too. Refuses `policy.noServer` where the text configures none, or several that differ.
 */
export function auditFlagsIn(text: string, name = "file"): AuditFlags {
  const found = [...serversIn(text), ...linesOfFlags(text)]
  const [first] = found
  if (first === undefined) {
    const what = "no kube-apiserver is configured in it, and no line is a flag like --audit-log-path=/a"
    throw new Refusal("policy.noServer", `${name}: ${what}`)
  }
  if (found.some((flags) => flags.join("\n") !== first.join("\n"))) {
    throw new Refusal(
      "policy.noServer",
      `${name} configures ${found.length} servers whose audit flags differ, expected one`,
    )
  }
  return first
}

/** The same, or undefined where the text configures none. */
export function ifAuditFlags(text: string): AuditFlags | undefined {
  return serversIn(text)[0] === undefined ? undefined : auditFlagsIn(text)
}

/** The value of a flag among those recorded; undefined where it is not given. */
export function flagValue(flags: AuditFlags, name: string): string | undefined {
  const start = `--${name}=`
  return flags.find((flag) => flag.startsWith(start))?.slice(start.length)
}

function serversIn(text: string): readonly AuditFlags[] {
  const plain = withoutTemplate(text)
  try {
    const documents = parseYamlDocuments(plain, "file")
    const servers = documents.flatMap((yaml) => readServers(yaml, plain).map(({ server }) => server))
    return servers.map(({ flags }) => inOrder(flags.map(({ name, value }) => [name, value])))
  } catch (error) {
    if (isRefusal(error, "yaml.malformed")) return []
    throw error
  }
}

function linesOfFlags(text: string): readonly AuditFlags[] {
  const pairs = text.split("\n").flatMap((line): [string, string][] => {
    const [, name, value = "", alone] = FLAG_LINE.exec(line.trim()) ?? []
    if (alone !== undefined) return [[alone, "true"]]
    return name === undefined ? [] : [[name, value.trim()]]
  })
  return pairs.length === 0 ? [] : [inOrder(pairs)]
}

function inOrder(pairs: readonly (readonly [name: string, value: string])[]): AuditFlags {
  const last = new Map(pairs.filter(([name]) => name.startsWith("audit-")))
  return [...last]
    .map(([name, value]) => `--${name}=${value}`)
    .sort()
    .slice(0, FLAGS_MAX)
}
