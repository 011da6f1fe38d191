import { webhookFlags } from "./batch-flags.ts"
import { type Connection, NAMES, type OutFile } from "./connection.ts"
import type { Distribution } from "./server.ts"
import { formatWebhookConfig } from "./webhook-config.ts"

/** The folder on the host that holds the files, and where kube-apiserver sees it. */
export type Layout = { readonly host: string; readonly inside: string }

const FOLDERS: Readonly<Record<Distribution, Layout>> = {
  kubeadm: { host: "/etc/kubernetes/tallystick", inside: "/etc/kubernetes/tallystick" },
  kind: { host: "/etc/kubernetes/tallystick", inside: "/etc/kubernetes/tallystick" },
  // Talos writes files below /var alone.
  talos: { host: "/var/tallystick", inside: "/etc/kubernetes/tallystick" },
  k3s: { host: "/etc/rancher/k3s/tallystick", inside: "/etc/rancher/k3s/tallystick" },
  rke2: { host: "/etc/rancher/rke2/tallystick", inside: "/etc/rancher/rke2/tallystick" },
}

export function layoutOf({ distribution }: Pick<Connection, "distribution">): Layout {
  return FOLDERS[distribution]
}

/** Where events go: the path carries the source, because the API server drops the query. */
export function serverUrl({ url, source }: Connection): string {
  const base = url.replace(/\/+$/, "")
  if (source === undefined) return /^https?:\/\/[^/]+$/.test(base) ? `${base}/audit` : base
  return /^https?:\/\/[^/]+$/.test(base) ? `${base}/audit/${source}` : `${base}/${source}`
}

/** The files that kube-apiserver reads. Credentials are not among them: people put those in place. */
export function serverFiles(connection: Connection): readonly OutFile[] {
  const { host, inside } = layoutOf(connection)
  const { credential } = connection
  const webhook = formatWebhookConfig({
    server: serverUrl(connection),
    ca: { path: `${inside}/${NAMES.ca}` },
    ...(credential === undefined
      ? {}
      : {
          credential:
            credential.kind === "token"
              ? { kind: "token", path: `${inside}/${NAMES.token}` }
              : {
                  kind: "certificate",
                  certificate: `${inside}/${NAMES.certificate}`,
                  key: `${inside}/${NAMES.key}`,
                },
        }),
  })
  const file = (name: string, text: string): OutFile => ({
    name,
    text,
    mode: 0o644,
    hostPath: `${host}/${name}`,
  })
  return [file(NAMES.policy, connection.policy), file(NAMES.webhook, webhook), file(NAMES.ca, connection.ca)]
}

/** What people copy beside them, by name. */
export function credentialFiles({
  credential,
}: Connection): readonly { name: string; path: string; text: string }[] {
  if (credential === undefined) return []
  if (credential.kind === "token") return [{ name: NAMES.token, ...credential.token }]
  return [
    { name: NAMES.certificate, ...credential.certificate },
    { name: NAMES.key, ...credential.key },
  ]
}

export function auditFlags(connection: Connection): Readonly<Record<string, string>> {
  const { inside } = layoutOf(connection)
  return {
    "audit-policy-file": `${inside}/${NAMES.policy}`,
    "audit-webhook-config-file": `${inside}/${NAMES.webhook}`,
    ...webhookFlags(connection.mode, connection.rate),
  }
}
