import { isRefusal } from "../base/refusal.ts"
import { parseYaml, type YamlPath, type YamlText } from "../base/yaml.ts"
import type { FileFound } from "./file-finding.ts"

/** The kubeconfig that `--audit-webhook-config-file` names. Paths are those that kube-apiserver sees. */
export type WebhookConfig = {
  readonly server: string
  readonly ca: { readonly path: string } | { readonly data: string }
  /** Absent: nobody signs in. */
  readonly credential?:
    | { readonly kind: "certificate"; readonly certificate: string; readonly key: string }
    | { readonly kind: "token"; readonly path: string }
}

export function formatWebhookConfig({ server, ca, credential }: WebhookConfig): string {
  const trust =
    "path" in ca ? `certificate-authority: ${scalar(ca.path)}` : `certificate-authority-data: ${ca.data}`
  const user =
    credential === undefined
      ? ["    user: {}"]
      : credential.kind === "token"
        ? ["    user:", `      tokenFile: ${scalar(credential.path)}`]
        : [
            "    user:",
            `      client-certificate: ${scalar(credential.certificate)}`,
            `      client-key: ${scalar(credential.key)}`,
          ]
  return [
    "apiVersion: v1",
    "kind: Config",
    "current-context: tallystick",
    "clusters:",
    "  - name: tallystick",
    "    cluster:",
    `      server: ${scalar(server)}`,
    `      ${trust}`,
    "users:",
    "  - name: kube-apiserver",
    ...user,
    "contexts:",
    "  - name: tallystick",
    "    context: {cluster: tallystick, user: kube-apiserver}",
    "",
  ].join("\n")
}

/** JSON's quoting is YAML's, where plain text would be read as something else. */
export function scalar(text: string): string {
  return /^[A-Za-z/][\w./:@-]*[\w/-]$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text)
}

/** What keeps a webhook configuration from working, with the place in its text. */
export function webhookFindings(text: string, name: string): readonly FileFound[] {
  let yaml: YamlText
  try {
    yaml = parseYaml(text, name, "kubernetes")
  } catch (error) {
    if (!isRefusal(error, "yaml.malformed")) throw error
    const place = { line: 1, column: 1 }
    return [{ rule: "webhook-config", severity: "error", place, message: `it is no YAML: ${error.message}` }]
  }
  return webhookFindingsOf(yaml)
}

export function webhookFindingsOf(yaml: YamlText): readonly FileFound[] {
  const clusters = listAt(yaml.value, "clusters")
  const users = listAt(yaml.value, "users")
  const at = (path: YamlPath) => yaml.placeOf(path)
  if (clusters.length === 0) {
    return [
      {
        ...{
          rule: "webhook-config",
          severity: "error",
          place: at([]),
          message: "no clusters: nowhere to send to",
        },
        fix: "clusters: [{name: tallystick, cluster: {server: https://…}}]",
      },
    ]
  }
  const hasUser = users.some((user) => Object.keys(mapAt(user, "user")).length > 0)
  return clusters.flatMap((entry, index) => {
    const cluster = mapAt(entry, "cluster")
    const place = at(["clusters", index, "cluster", "server"])
    return serverFindings(String(cluster.server ?? ""), hasUser).map((found) => ({ ...found, place }))
  })
}

/** What is wrong with the address alone. */
export function serverFindings(server: string, hasCredentials: boolean): readonly Omit<FileFound, "place">[] {
  const found: Omit<FileFound, "place">[] = []
  const url = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[^/:?#@\s[\]]+)(:\d{1,5})?(\/[^?#\s]*)?(\?[^#\s]*)?$/.exec(
    server,
  )
  if (url === null) {
    return [
      {
        ...{
          rule: "webhook-server",
          severity: "error",
          message: `${JSON.stringify(server)} is no https address`,
        },
        fix: "server: https://<host>:<port>/audit/<source>, without user, query or fragment",
      },
    ]
  }
  const [, scheme, host = "", , , query] = url
  if (scheme === "http") {
    found.push({
      ...{ rule: "webhook-plain-http", severity: "error" },
      message: hasCredentials
        ? "over plain http the credentials are left out without a word, and anybody on the way reads the events"
        : "over plain http anybody on the way reads and changes the events, and nobody can sign in",
      fix: "an https address, with certificate-authority",
    })
  }
  if (query !== undefined) {
    found.push({
      ...{
        rule: "webhook-query",
        severity: "error",
        message: `the query ${query} is dropped by the API server`,
      },
      fix: "put what tells sources apart into the path: /audit/<source>",
    })
  }
  if (/\.svc(\.|$)|\.cluster\.local$/.test(host)) {
    found.push({
      ...{ rule: "webhook-cluster-dns", severity: "error" },
      message: `${host} cannot be resolved: the API server is in the host's network, and asks the host's DNS, not the cluster's`,
      fix: "the ClusterIP with tls-server-name, a node address with a NodePort, or a name that the hosts' DNS knows",
    })
  }
  return found
}

export type JsonMap = { readonly [key: string]: unknown }

export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function mapAt(value: unknown, ...keys: readonly string[]): JsonMap {
  let at: unknown = value
  for (const key of keys) at = isMap(at) ? at[key] : undefined
  return isMap(at) ? at : {}
}

export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const last = keys.at(-1)
  const at = last === undefined ? value : mapAt(value, ...keys.slice(0, -1))[last]
  return Array.isArray(at) ? at : []
}
