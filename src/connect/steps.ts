import { MODE_EFFECT } from "./batch-flags.ts"
import type { Connection, OutFile } from "./connection.ts"
import { auditFlags, credentialFiles, layoutOf, serverUrl } from "./layout.ts"
import type { Distribution } from "./server.ts"

type Words = { readonly apply: readonly string[]; readonly undo: readonly string[] }

/** What a person does with the files, and how to go back. */
export function stepsOf(connection: Connection, files: readonly OutFile[]): string {
  const { host } = layoutOf(connection)
  const { mode, distribution, rate } = connection
  const secrets = distribution === "talos" ? [] : credentialFiles(connection)
  const { apply, undo } = WORDS[distribution]
  const flags = auditFlags(connection)
  const ceiling =
    Number(flags["audit-webhook-batch-max-size"]) * Number(flags["audit-webhook-batch-throttle-qps"])
  return [
    `# kube-apiserver (${distribution}) to ${serverUrl(connection)}`,
    "",
    "On every control plane node, one after the other:",
    "",
    ...numbered([
      ...(distribution === "talos" || distribution === "kind"
        ? []
        : [`Copy the folder tallystick to ${host} (mkdir -p, owner root, mode 0755).`]),
      ...secrets.map(({ name, path }) =>
        distribution === "kind"
          ? `Copy ${path} to tallystick/${name}.`
          : `Copy ${path} to ${host}/${name}, owner root, mode 0600.`,
      ),
      ...apply,
      "Look for events: tallystick query '*' --server <ledger>; on the node, the metric apiserver_audit_error_total stays 0.",
    ]),
    "",
    "To go back:",
    "",
    ...numbered(undo),
    "",
    `Mode ${mode}: ${MODE_EFFECT[mode]}.`,
    ...(mode === "batch" ? [`Planned for ${rate} events/s; at most ${ceiling} events/s are sent.`] : []),
    ...files
      .filter(({ secret }) => secret)
      .map(({ name }) => `${name} holds a credential: keep it as you keep keys.`),
    "",
  ].join("\n")
}

function numbered(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `${index + 1}. ${line}`)
}

const MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"

const WORDS: Readonly<Record<Distribution, Words>> = {
  kubeadm: {
    apply: [
      `Keep a copy of ${MANIFEST}, outside that folder.`,
      "Copy the folder patches to /etc/kubernetes/patches, and run: kubeadm init phase control-plane apiserver --patches /etc/kubernetes/patches --config <yours>",
      "Give --patches at every upgrade too (kubeadm upgrade apply --patches /etc/kubernetes/patches).",
    ],
    undo: [
      `Put the copy back as ${MANIFEST}; kubelet restarts the API server by itself.`,
      "Remove /etc/kubernetes/patches/kube-apiserver0+json.yaml.",
    ],
  },
  kind: {
    apply: [
      "kind create cluster --config kind.yaml, in the folder that holds it. Files are read when the cluster is made.",
    ],
    undo: ["kind delete cluster, and make it again without the configuration."],
  },
  k3s: {
    apply: [
      "Copy config.yaml.d/tallystick.yaml to /etc/rancher/k3s/config.yaml.d/, and run: systemctl restart k3s",
    ],
    undo: ["Remove /etc/rancher/k3s/config.yaml.d/tallystick.yaml, and run: systemctl restart k3s"],
  },
  rke2: {
    apply: [
      "Copy config.yaml.d/tallystick.yaml to /etc/rancher/rke2/config.yaml.d/, and run: systemctl restart rke2-server",
    ],
    undo: ["Remove /etc/rancher/rke2/config.yaml.d/tallystick.yaml, and run: systemctl restart rke2-server"],
  },
  talos: {
    apply: [
      "Keep the present configuration: talosctl -n <node> get machineconfig -o yaml > before.yaml",
      "talosctl -n <node> patch machineconfig --patch @talos-patch.yaml --mode try reverts by itself after a minute; then without --mode try.",
    ],
    undo: ["talosctl -n <node> apply-config -f before.yaml (its spec, as it was kept)"],
  },
}
