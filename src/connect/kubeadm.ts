import type { Connection, OutFile } from "./connection.ts"
import { auditFlags, layoutOf } from "./layout.ts"

/** A patch of the static pod (RFC 6902), which `kubeadm --patches` applies now and at every upgrade. */
export function kubeadmFiles(connection: Connection): readonly OutFile[] {
  const { host, inside } = layoutOf(connection)
  const flags = Object.entries(auditFlags(connection)).map(([name, value]) =>
    add("/spec/containers/0/command/-", `--${name}=${value}`),
  )
  const steps = [
    ...flags,
    add("/spec/containers/0/volumeMounts/-", { name: "tallystick", mountPath: inside, readOnly: true }),
    add("/spec/volumes/-", { name: "tallystick", hostPath: { path: host, type: "Directory" } }),
  ]
  const text = ["# For kubeadm --patches: one flag, mount or volume each.", ...steps, ""].join("\n")
  return [{ name: "patches/kube-apiserver0+json.yaml", text, mode: 0o644 }]
}

function add(path: string, value: unknown): string {
  return `- ${JSON.stringify({ op: "add", path, value })}`
}
