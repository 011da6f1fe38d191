/** The audit flags of kube-apiserver (its reference page, 1.20 to 1.37): what they take, and since when or until when they exist. */
export type AuditFlag = {
  readonly name: string
  readonly kind: "path" | "number" | "duration" | "bool" | "word"
  readonly words?: readonly string[]
  /** Minor version of 1.x whose server no longer knows it, and so does not start. */
  readonly removed?: number
  /** What to write instead: the server warns. */
  readonly deprecated?: string
}

const MODES = ["batch", "blocking", "blocking-strict"]
const VERSIONS = ["audit.k8s.io/v1"]

function backend(name: "log" | "webhook"): readonly AuditFlag[] {
  const of = (suffix: string, kind: AuditFlag["kind"]): AuditFlag => ({
    name: `audit-${name}-${suffix}`,
    kind,
  })
  return [
    { ...of("mode", "word"), words: MODES },
    { ...of("version", "word"), words: VERSIONS },
    of("batch-buffer-size", "number"),
    of("batch-max-size", "number"),
    of("batch-max-wait", "duration"),
    of("batch-throttle-enable", "bool"),
    of("batch-throttle-qps", "number"),
    of("batch-throttle-burst", "number"),
    of("truncate-enabled", "bool"),
    of("truncate-max-event-size", "number"),
    of("truncate-max-batch-size", "number"),
  ]
}

export const AUDIT_FLAGS: readonly AuditFlag[] = [
  { name: "audit-policy-file", kind: "path" },
  { name: "audit-log-path", kind: "path" },
  { name: "audit-log-format", kind: "word", words: ["json", "legacy"] },
  { name: "audit-log-maxage", kind: "number" },
  { name: "audit-log-maxbackup", kind: "number" },
  { name: "audit-log-maxsize", kind: "number" },
  { name: "audit-log-compress", kind: "bool" },
  ...backend("log"),
  { name: "audit-webhook-config-file", kind: "path" },
  { name: "audit-webhook-initial-backoff", kind: "duration" },
  {
    name: "audit-webhook-batch-initial-backoff",
    kind: "duration",
    deprecated: "audit-webhook-initial-backoff",
  },
  ...backend("webhook"),
  { name: "audit-dynamic-configuration", kind: "bool", removed: 19 },
]

/** Whether the value of a bool is true, as Go reads it. */
export function isOn(value: string | undefined): boolean {
  return /^(1|t|T|true|TRUE|True)$/.test(value ?? "")
}

export function auditFlag(name: string): AuditFlag | undefined {
  return AUDIT_FLAGS.find((flag) => flag.name === name)
}

/** What the server takes where a flag is not given, as far as checks need it. */
export function defaultOf(name: string, minor: number): string | undefined {
  const rotation: Readonly<Record<string, readonly [old: string, today: string]>> = {
    "audit-log-maxage": ["0", "366"],
    "audit-log-maxbackup": ["0", "100"],
    "audit-log-maxsize": ["0", "100"],
  }
  const changed = rotation[name]
  if (changed !== undefined) return changed[minor < ROTATION_DEFAULTS_SINCE ? 0 : 1]
  return DEFAULTS[name]
}

/** Until then nothing was ever removed, and 0 megabytes meant 100. */
export const ROTATION_DEFAULTS_SINCE = 36

const DEFAULTS: Readonly<Record<string, string>> = {
  "audit-log-mode": "blocking",
  "audit-webhook-mode": "batch",
  "audit-log-batch-buffer-size": "10000",
  "audit-webhook-batch-buffer-size": "10000",
  "audit-log-batch-max-size": "1",
  "audit-webhook-batch-max-size": "400",
  "audit-log-batch-throttle-enable": "false",
  "audit-webhook-batch-throttle-enable": "true",
  "audit-log-batch-throttle-qps": "0",
  "audit-webhook-batch-throttle-qps": "10",
  "audit-log-batch-throttle-burst": "0",
  "audit-webhook-batch-throttle-burst": "15",
  "audit-log-truncate-enabled": "false",
  "audit-webhook-truncate-enabled": "false",
  "audit-log-truncate-max-event-size": "102400",
  "audit-webhook-truncate-max-event-size": "102400",
  "audit-log-truncate-max-batch-size": "10485760",
  "audit-webhook-truncate-max-batch-size": "10485760",
}
