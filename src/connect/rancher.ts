import type { Connection, OutFile } from "./connection.ts"
import { auditFlags, layoutOf } from "./layout.ts"

/** Drop-in files of k3s and RKE2: `+` adds to what other files say. */
export function rancherFiles(connection: Connection): readonly OutFile[] {
  const { distribution } = connection
  const { host, inside } = layoutOf(connection)
  const { "audit-policy-file": policy = "", ...flags } = auditFlags(connection)
  const isRke2 = distribution === "rke2"
  const args = isRke2
    ? Object.entries(flags)
    : [["audit-policy-file", policy] as const, ...Object.entries(flags)]
  const text = [
    ...(isRke2 ? [`audit-policy-file: ${policy}`] : []),
    "kube-apiserver-arg+:",
    ...args.map(([name, value]) => `  - ${name}=${value}`),
    ...(isRke2 ? ["kube-apiserver-extra-mount+:", `  - ${host}:${inside}:ro`] : []),
    "",
  ].join("\n")
  const folder = `/etc/rancher/${distribution}/config.yaml.d`
  return [{ name: "config.yaml.d/tallystick.yaml", text, mode: 0o600, hostPath: `${folder}/tallystick.yaml` }]
}
