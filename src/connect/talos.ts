import { type Connection, NAMES, type OutFile } from "./connection.ts"
import { auditFlags, credentialFiles, layoutOf, serverFiles } from "./layout.ts"
import { TALOS_LOG } from "./server-checks.ts"

/**
 * A patch of the machine configuration of control plane nodes. kube-apiserver runs as 65534 there, so the files are
 * readable by all; nobody but the node's own processes can sign in to Talos.
 */
export function talosFiles(connection: Connection): readonly OutFile[] {
  const { host, inside } = layoutOf(connection)
  const { "audit-policy-file": _, ...flags } = auditFlags(connection)
  const policy = onlyDocument(connection.policy)
  const isDocument = connection.form === "document"
  const files = [
    ...serverFiles(connection).filter(({ name }) => name !== NAMES.policy),
    ...credentialFiles(connection),
  ]
  const text = [
    "# talosctl patch machineconfig --patch @talos-patch.yaml (control plane nodes only). Lists like rules are replaced, not joined.",
    "machine:",
    "  files:",
    ...files.flatMap(({ name, text }) => [
      "    - op: create",
      `      path: ${host}/${name}`,
      "      permissions: 0o644",
      "      content: |",
      ...indented(text, 8),
    ]),
    "cluster:",
    "  apiServer:",
    "    extraArgs:",
    `      audit-log-path: ${TALOS_LOG}`,
    ...Object.entries(flags).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}`),
    "    extraVolumes:",
    `      - hostPath: ${host}`,
    `        mountPath: ${inside}`,
    "        readonly: true",
    ...(isDocument ? [] : ["    auditPolicy:", ...indented(policy, 6)]),
    ...(isDocument
      ? [
          "---",
          "apiVersion: v1alpha1",
          "kind: KubeAuditPolicyConfig",
          "configuration:",
          ...indented(policy, 2),
        ]
      : []),
    "",
  ].join("\n")
  const secret = connection.credential === undefined ? {} : { secret: true as const }
  return [{ name: "talos-patch.yaml", text, mode: 0o600, ...secret }]
}

/** The first document of a policy, without the line that begins it: that is all the server reads too. */
function onlyDocument(text: string): string {
  const [first = "", second = ""] = text.split(/^---(?:[ \t][^\n]*)?\n/m)
  return first.split("\n").every((line) => /^\s*(#.*)?$/.test(line)) ? `${first}${second}` : first
}

function indented(text: string, by: number): readonly string[] {
  return text
    .replace(/\n+$/, "")
    .split("\n")
    .map((line) => (line === "" ? "" : " ".repeat(by) + line))
}
