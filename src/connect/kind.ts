import type { Connection, OutFile } from "./connection.ts"
import { auditFlags, layoutOf } from "./layout.ts"
import { scalar } from "./webhook-config.ts"

/** A cluster configuration for kind: the folder beside it is mounted into the node, and from there into the pod. */
export function kindFiles(connection: Connection): readonly OutFile[] {
  const { host, inside } = layoutOf(connection)
  const flags = Object.entries(auditFlags(connection)).map(
    ([name, value]) => `            ${name}: ${quoted(value)}`,
  )
  const text = [
    "# kind create cluster --config kind.yaml, from the folder that holds tallystick/",
    "kind: Cluster",
    "apiVersion: kind.x-k8s.io/v1alpha4",
    "nodes:",
    "  - role: control-plane",
    "    extraMounts:",
    `      - {hostPath: ./tallystick, containerPath: ${host}, readOnly: true}`,
    "    kubeadmConfigPatches:",
    "      - |",
    "        kind: ClusterConfiguration",
    "        apiServer:",
    "          extraArgs:",
    ...flags,
    "          extraVolumes:",
    "            - name: tallystick",
    `              hostPath: ${host}`,
    `              mountPath: ${inside}`,
    "              readOnly: true",
    "              pathType: Directory",
    "",
  ].join("\n")
  return [{ name: "kind.yaml", text, mode: 0o644 }]
}

/** Arguments are texts: a bare 10 or true would be refused. */
function quoted(value: string): string {
  return /^[\d.]+$/.test(value) || /^(true|false)$/.test(value) ? JSON.stringify(value) : scalar(value)
}
