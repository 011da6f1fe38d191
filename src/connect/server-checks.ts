import { isRefusal } from "../base/refusal.ts"
import { type KubernetesVersion, loadPolicy } from "../policy/index.ts"
import { AUDIT_FLAGS, auditFlag, defaultOf, isOn } from "./audit-flags.ts"
import type { FileFound } from "./file-finding.ts"
import { type ApiServer, type Flag, fileAt, flagOf, type HostFile, mountOf } from "./server.ts"
import { webhookFindings } from "./webhook-config.ts"

export type ServerOptions = {
  readonly kubernetes: KubernetesVersion
  /** Events per second that are known to come. */
  readonly rate?: number
}
type Check = (server: ApiServer, options: ServerOptions) => Iterable<FileFound>

/**
 * Everything known to keep a kube-apiserver from starting, or its events from arriving. What is written is held to
 * this as well as what is read.
 */
export function checkServer(server: ApiServer, options: ServerOptions): readonly FileFound[] {
  return CHECKS.flatMap((check) => [...check(server, options)])
}

const CHECKS: readonly Check[] = [
  knownFlags,
  batchSizes,
  truncateSizes,
  policyGiven,
  filesSeen,
  logWritable,
  logHorizon,
  policyLoads,
  webhookReads,
  truncation,
  throughput,
]

function* knownFlags({ flags }: ApiServer, { kubernetes }: ServerOptions): Iterable<FileFound> {
  for (const { name, value, place } of flags) {
    if (!name.startsWith("audit-")) continue
    const known = auditFlag(name)
    const removed = known?.removed !== undefined && kubernetes.minor >= known.removed
    if (known === undefined || removed) {
      const what = removed
        ? `--${name} is gone since Kubernetes 1.${known?.removed}`
        : `--${name} is no flag of kube-apiserver`
      yield { rule: "flag-unknown", severity: "error", place, message: what, fix: nearestFlag(name) }
      continue
    }
    if (known.deprecated !== undefined) {
      yield {
        ...{ rule: "flag-deprecated", severity: "warning", place, message: `--${name} is deprecated` },
        fix: `--${known.deprecated}`,
      }
    }
    const wrong = valueProblem(known.kind, value, known.words)
    if (wrong !== undefined) {
      yield {
        rule: "flag-value",
        severity: "error",
        place,
        message: `--${name}=${JSON.stringify(value)}: ${wrong}`,
      }
    }
  }
}

function nearestFlag(name: string): string {
  const start = AUDIT_FLAGS.filter(
    (flag) => flag.name.startsWith(name.slice(0, 12)) && flag.removed === undefined,
  )
  return start.length === 0
    ? "remove it"
    : `remove it, or one of ${start
        .map((flag) => `--${flag.name}`)
        .slice(0, 4)
        .join(", ")}, …`
}

function valueProblem(kind: string, value: string, words: readonly string[] = []): string | undefined {
  if (kind === "number" && !/^\d{1,15}(\.\d+)?$/.test(value)) return "expected a number, not below 0"
  if (kind === "bool" && !/^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/.test(value))
    return "expected true or false"
  if (kind === "duration" && !/^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$/.test(value))
    return "expected a duration like 5s"
  if (kind === "word" && !words.includes(value)) return `expected ${words.join(", ")}`
  if (kind === "path" && value === "") return "expected a path"
  return undefined
}

function numberOf(server: ApiServer, name: string, { minor }: { readonly minor: number }): number {
  return Number(flagOf(server, name)?.value ?? defaultOf(name, minor))
}

function backends(server: ApiServer): readonly ("log" | "webhook")[] {
  const log = flagOf(server, "audit-log-path") === undefined ? [] : (["log"] as const)
  const webhook = flagOf(server, "audit-webhook-config-file") === undefined ? [] : (["webhook"] as const)
  return [...log, ...webhook]
}

function isThrottled(server: ApiServer, backend: "log" | "webhook"): boolean {
  const name = `audit-${backend}-batch-throttle-enable`
  return isOn(flagOf(server, name)?.value ?? defaultOf(name, 0))
}

function* batchSizes(server: ApiServer, { kubernetes }: ServerOptions): Iterable<FileFound> {
  for (const backend of backends(server)) {
    const mode = flagOf(server, `audit-${backend}-mode`)?.value ?? defaultOf(`audit-${backend}-mode`, 0)
    if (mode !== "batch") continue
    const positive = [
      "batch-buffer-size",
      "batch-max-size",
      ...(isThrottled(server, backend) ? ["batch-throttle-qps", "batch-throttle-burst"] : []),
    ]
    for (const suffix of positive) {
      const name = `audit-${backend}-${suffix}`
      const flag = flagOf(server, name)
      if (flag === undefined || numberOf(server, name, kubernetes) > 0) continue
      yield {
        rule: "flag-value",
        severity: "error",
        place: flag.place,
        message: `--${name}=${flag.value}: must be more than 0 in mode batch`,
      }
    }
  }
}

/** Checked even where truncation is off. */
function* truncateSizes(server: ApiServer, { kubernetes }: ServerOptions): Iterable<FileFound> {
  for (const backend of ["log", "webhook"] as const) {
    const [event, batch] = [
      `audit-${backend}-truncate-max-event-size`,
      `audit-${backend}-truncate-max-batch-size`,
    ] as const
    const place = (flagOf(server, batch) ?? flagOf(server, event))?.place
    if (place === undefined) continue
    const eventBytes = numberOf(server, event, kubernetes)
    if (eventBytes > 0 && numberOf(server, batch, kubernetes) >= eventBytes) continue
    yield {
      rule: "flag-value",
      severity: "error",
      place,
      message: `--${batch} must not be below --${event}, and both more than 0`,
    }
  }
}

function* policyGiven(server: ApiServer): Iterable<FileFound> {
  const { distribution } = server
  const policy = flagOf(server, "audit-policy-file")
  const to = backends(server)
  const [first] = server.flags.filter(({ name }) => name.startsWith("audit-"))
  if (policy === undefined && first !== undefined && distribution !== "talos") {
    yield {
      ...{ rule: "policy-missing", severity: "error", place: first.place },
      message: "audit flags, but no --audit-policy-file: no event is recorded",
      fix: "--audit-policy-file=<path inside the container>",
    }
  }
  if (policy !== undefined && to.length === 0 && distribution !== "talos") {
    yield {
      ...{ rule: "policy-missing", severity: "error", place: policy.place },
      message:
        "a policy, but neither --audit-log-path nor --audit-webhook-config-file: its events go nowhere",
      fix: "--audit-webhook-config-file=<path inside the container>",
    }
  }
}

function* filesSeen(server: ApiServer): Iterable<FileFound> {
  if (!server.contained) return
  for (const name of ["audit-policy-file", "audit-webhook-config-file"]) {
    const flag = flagOf(server, name)
    if (flag === undefined) continue
    const mount = mountOf(server, flag.value)
    if (mount === undefined) {
      yield {
        ...{ rule: "file-not-mounted", severity: "error", place: flag.place },
        message: `--${name}=${flag.value}: no mount of the container holds it`,
        fix: "a volume with its hostPath and a volumeMount, read-only",
      }
    } else if (mount.mountPath === flag.value && mount.type === "Directory") {
      yield {
        ...{ rule: "mount-type", severity: "error", place: mount.place },
        message: `${mount.hostPath} is mounted as a folder, and --${name} names it as a file`,
        fix: "type: File",
      }
    }
  }
}

/** Bit of a file's mode. Where kube-apiserver is not root (Talos runs it as 65534), it reads what all may read. */
const OTHERS_READ = 0o004

function* unreadable({ distribution }: ApiServer, flag: Flag, { mode }: HostFile): Iterable<FileFound> {
  if (distribution !== "talos" || (mode & OTHERS_READ) !== 0) return
  yield {
    ...{ rule: "file-unreadable", severity: "error", place: flag.place },
    message: `${flag.value} has mode ${mode.toString(8)}, and kube-apiserver runs as 65534 there`,
    fix: "mode 0644",
  }
}

function* policyLoads(server: ApiServer, { kubernetes }: ServerOptions): Iterable<FileFound> {
  const flag = flagOf(server, "audit-policy-file")
  const file = flag === undefined ? undefined : fileAt(server, flag.value)
  if (flag === undefined || file === undefined) return
  yield* unreadable(server, flag, file)
  try {
    loadPolicy(file.text, kubernetes)
  } catch (error) {
    if (!isRefusal(error, "policy.illegal")) throw error
    yield {
      rule: "policy-missing",
      severity: "error",
      place: flag.place,
      message: `${flag.value} does not load: ${error.message}`,
    }
  }
}

function* webhookReads(server: ApiServer): Iterable<FileFound> {
  const flag = flagOf(server, "audit-webhook-config-file")
  const file = flag === undefined ? undefined : fileAt(server, flag.value)
  if (flag === undefined || file === undefined) return
  yield* unreadable(server, flag, file)
  for (const found of webhookFindings(file.text, flag.value)) yield { ...found, place: flag.place }
}

function* logWritable(server: ApiServer): Iterable<FileFound> {
  const flag = flagOf(server, "audit-log-path")
  if (flag === undefined || flag.value === "-" || !server.contained) return
  const mount = mountOf(server, flag.value)
  if (
    mount !== undefined &&
    !mount.readOnly &&
    (mount.mountPath !== flag.value || mount.type === "FileOrCreate")
  )
    return
  const talos = server.distribution === "talos"
  const why =
    mount === undefined
      ? "no mount of the container holds it"
      : mount.readOnly
        ? `${mount.mountPath} is mounted read-only`
        : "a file that is mounted itself cannot be rotated"
  yield {
    ...{ rule: "log-path", severity: "error", place: flag.place },
    message: `--audit-log-path=${flag.value} cannot be written (${why}): kube-apiserver does not start`,
    fix: talos
      ? `${TALOS_LOG}, and the same in whatever reads it (collectors, runbooks: talosctl read ${TALOS_LOG})`
      : "mount its folder (type DirectoryOrCreate) without readOnly",
  }
}

/** Where Talos lets kube-apiserver write, and where it writes unless told otherwise. */
export const TALOS_LOG = "/var/log/audit/kube/kube-apiserver.log"

const DAY_SECONDS = 86_400
const EVENT_BYTES_TYPICAL = 2_000
/** Events per second of a cluster in which nothing happens: heartbeats and controllers alone. */
const RATE_IDLE = 10

function* logHorizon(server: ApiServer, { kubernetes, rate }: ServerOptions): Iterable<FileFound> {
  const path = flagOf(server, "audit-log-path")
  const flag = flagOf(server, "audit-log-maxsize") ?? flagOf(server, "audit-log-maxbackup")
  const days = flagOf(server, "audit-log-maxage")
  if (path === undefined || flag === undefined || days === undefined) return
  const age = Number(days.value)
  const size = numberOf(server, "audit-log-maxsize", kubernetes) || 100
  const backups = numberOf(server, "audit-log-maxbackup", kubernetes)
  if (!(age > 0) || !(backups > 0)) return
  const bytes = size * 1_000_000 * (backups + 1)
  const keeps = bytes / (age * DAY_SECONDS) / EVENT_BYTES_TYPICAL
  const known = rate ?? RATE_IDLE
  if (keeps >= known) return
  const minutes = Math.round(bytes / EVENT_BYTES_TYPICAL / known / 60)
  yield {
    ...{ rule: "log-horizon", severity: "warning", place: days.place },
    message:
      `${backups + 1} files of ${size} MB never hold ${age} days: at ${known} events/s of 2 kB they hold ` +
      `${minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`}${rate === undefined ? ", and that is a cluster in which nothing happens" : ""}`,
    fix: "send events on as they come (webhook, or a collector that remembers its position), and size for the longest outage of that",
  }
}

function* truncation(server: ApiServer): Iterable<FileFound> {
  const webhook = flagOf(server, "audit-webhook-config-file")
  if (webhook === undefined || isOn(flagOf(server, "audit-webhook-truncate-enabled")?.value)) return
  yield {
    ...{
      rule: "webhook-truncation",
      severity: "warning",
      place: webhook.place,
      message: "large events are not cut: one can cost its whole batch",
    },
    fix: "--audit-webhook-truncate-enabled=true",
  }
}

function* throughput(server: ApiServer, { kubernetes, rate }: ServerOptions): Iterable<FileFound> {
  const webhook = flagOf(server, "audit-webhook-config-file")
  const mode = flagOf(server, "audit-webhook-mode")?.value ?? "batch"
  if (webhook === undefined || rate === undefined || mode !== "batch" || !isThrottled(server, "webhook"))
    return
  const qps = numberOf(server, "audit-webhook-batch-throttle-qps", kubernetes)
  const batch = numberOf(server, "audit-webhook-batch-max-size", kubernetes)
  if (qps * batch >= rate) return
  const place = (flagOf(server, "audit-webhook-batch-max-size") ?? webhook).place
  yield {
    ...{ rule: "webhook-throughput", severity: "warning", place },
    message: `${qps} batches/s × ${batch} events = ${qps * batch} events/s, and ${rate} come`,
    fix: `tallystick connect … --rate ${rate} computes the flags`,
  }
}
