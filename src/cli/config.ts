import { type Static, Type } from "typebox"
import { DEFAULT_LIMITS } from "../intake/limits.ts"
import { JOURNAL_LIMITS } from "../journal/limits.ts"
import { BLOCK_LIMITS } from "../seal/block-limits.ts"
import { SEARCH_LIMITS } from "../search/message.ts"
import { PolicySection } from "./config-policy.ts"
import {
  choice,
  file,
  flag,
  GiB,
  integer,
  KiB,
  MiB,
  maybeFile,
  maybeText,
  section,
  sha256Hex,
  text,
  texts,
} from "./config-schema.ts"

/**
 * The whole configuration, in one schema. Types, checks, environment names, `config print` and docs/CONFIG.md all come
 * from here. Unknown keys are refused. Each default carries its reason.
 *
 *     # tallystick.yaml
 *     origin: ledger.example.com/prod
 *     dir: /var/lib/tallystick
 *     listen: { address: 0.0.0.0 }
 *     tls: { certificate: tls.crt, key: tls.key }
 *     credentials:
 *       - { name: prod-1, source: prod-1, verbs: [write], tokenFile: prod-1.token }
 */

export const VERBS = ["write", "read", "metrics", "admin"] as const

const Credential = section("Who may do what. Exactly one of tokenFile, tokenSha256, basic, clientNames.", {
  name: text({ description: "Name in logs, metrics and the ledger's own records. Not secret." }),
  source: maybeText({
    description: "Where this sender's events are filed, cluster first: prod-1/apiserver-0. Needed to write.",
  }),
  verbs: Type.Array(Type.Enum([...VERBS]), {
    minItems: 1,
    description:
      "write: send events. read: query, fetch receipts and the log. metrics: /metrics. admin: all of it.",
  }),
  tenants: Type.Optional(
    Type.Array(Type.String({ pattern: "^[0-9]{1,10}:[0-9]{1,10}$" }), {
      description:
        "AccountID:ProjectID that clients of VictoriaLogs may name with this credential, besides 0:0. All are this ledger.",
    }),
  ),
  tokenFile: maybeFile({ description: "File with the bearer token, one line. Read again when it changes." }),
  tokenSha256: sha256Hex({
    description: "SHA-256 of the bearer token as 64 hex digits: no secret on this machine.",
  }),
  basic: Type.Optional(
    section("User and password (RFC 7617), for senders that know nothing better.", {
      user: text({ description: "User name." }),
      passwordFile: maybeFile({ description: "File with the password, one line." }),
      passwordScrypt: maybeText({
        secret: true,
        description: "scrypt hash of the password, as `tallystick keys password` prints it.",
      }),
      passwordSha256: sha256Hex({
        description: "SHA-256 of the password as 64 hex digits; only for long random ones.",
      }),
    }),
  ),
  clientNames: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: "Names (common name or DNS name) of client certificates signed by tls.clientCa.",
    }),
  ),
})

const TailedFile = section("A log file of kube-apiserver's log back end, followed through rotation.", {
  path: file({
    description: "The file, or a glob whose matches are one log: /var/log/kubernetes/audit*.log",
  }),
  source: text({ description: "Where its events are filed, cluster first." }),
  from: choice(["start", "end"], "start", {
    description: "Where to begin with a file never seen before.",
    reason: "what is already there is history somebody may ask for",
  }),
})

const Redaction = section("What is taken out of events before the first write.", {
  enabled: Type.Boolean({
    default: true,
    description: "Take out values of Secrets, tokens and bearer-like strings before anything is written.",
    reason: "a ledger cannot forget: what must not be in it must never get in",
  }),
  key: maybeFile({
    description:
      "File with the key of the digests of unredacted bodies. Default: redaction.key beside the log key.",
  }),
  rules: Type.Array(
    section("One rule; it needs objectPaths, paths, parameters or pattern.", {
      name: text({
        description: "Stands in what replaces a value, [redacted:<name>]: lower-case letters, digits and -.",
      }),
      description: maybeText({ description: "For whoever reads the configuration." }),
      when: Type.Optional(
        section("Where it applies; everywhere when left out.", {
          resources: texts({
            description: "objectRef.resource, or with its subresource: serviceaccounts/token.",
          }),
          kinds: texts({ description: "Kinds of objects, for objectPaths." }),
        }),
      ),
      objectPaths: texts({ description: "Places within API objects: data.* or spec.users[*].password." }),
      paths: texts({ description: "Places within the event: requestObject.spec.password." }),
      parameters: maybeText({
        description: "RE2: names of parameters in requestURI whose values are replaced.",
      }),
      pattern: maybeText({
        description: "RE2: its first group, or all that it matches in any text (of paths), is replaced.",
      }),
      whole: Type.Optional(Type.Boolean({ description: "Replace the whole text where pattern matches." })),
      contains: texts({ description: "Texts without any of these are not tried: makes a pattern cheap." }),
    }),
    { default: [], description: "Rules in addition to the built-in ones." },
  ),
})

const Limits = section(
  "What one request and all together may cost. Over budget: 503 and Retry-After, or 413.",
  {
    bodyBytesMax: integer(
      { minimum: 64 * KiB, maximum: 1 * GiB, default: DEFAULT_LIMITS.bodyBytesMax },
      {
        unit: "bytes",
        description:
          "Largest body of one request, after decompression. Larger ones get 413 and a loss record.",
        reason:
          "the API server sends up to 400 events a batch, or 10 MiB with truncation on; etcd objects end at 1.5 MiB",
      },
    ),
    inFlightBytesMax: integer(
      { minimum: 1 * MiB, maximum: 64 * GiB, default: DEFAULT_LIMITS.inFlightBytesMax },
      {
        unit: "bytes",
        description:
          "Bodies held in memory at a time, all senders together. Above it: 503 until some are on disk.",
        reason: "four of the largest bodies, and the process stays below 512 MiB",
      },
    ),
    sourcePercentMax: integer(
      { minimum: 1, maximum: 100, default: DEFAULT_LIMITS.sourcePercentMax },
      {
        unit: "percent",
        description: "Share of inFlightBytesMax that one source may hold.",
        reason: "one loud cluster must leave room for the others",
      },
    ),
    requestTimeoutMs: integer(
      { minimum: 1_000, maximum: 600_000, default: DEFAULT_LIMITS.requestTimeoutMs },
      {
        unit: "ms",
        description: "Longest wait for the whole of a request.",
        reason: "the API server itself gives up after 30 s",
      },
    ),
  },
)

export const Config = section("", {
  origin: maybeText({
    description:
      "Name of this ledger, the first line of every checkpoint: a host and path of yours, without a scheme. Needed by init only; cannot change afterwards.",
  }),
  dir: Type.String({
    minLength: 1,
    default: "./data",
    path: true,
    description: "The ledger: journal, log and segments. One process may use it at a time.",
    reason: "a fresh clone keeps everything in one place that is easy to find and to delete",
  }),
  key: maybeFile({
    description:
      "The Ed25519 key that signs checkpoints, mode 0600. Default: keys/log.key in dir. Keep a real one elsewhere than the ledger.",
  }),
  listen: section("Where it listens.", {
    address: Type.String({
      minLength: 1,
      default: "127.0.0.1",
      description:
        "Address. Anything but loopback needs credentials, and tls for tokens and passwords; or insecure.",
      reason:
        "audit events say who does what; nobody else may reach them before TLS and credentials are set up",
    }),
    port: integer(
      { minimum: 0, maximum: 65_535, default: 9628 },
      {
        description: "Port; 0 takes a free one.",
        reason:
          "not one of Kubernetes' own, and below those that systems give out by themselves (32768 and up)",
      },
    ),
    connectionsMax: integer(
      { minimum: 16, maximum: 65_536, default: DEFAULT_LIMITS.connectionsMax },
      {
        description: "Open connections, all senders and readers together.",
        reason: "an API server needs a handful; each open one costs memory",
      },
    ),
    connectionsPerAddressMax: integer(
      { minimum: 1, maximum: 65_536, default: DEFAULT_LIMITS.connectionsPerAddressMax },
      {
        description: "Open connections from one address. Raise it behind a proxy, where all come from one.",
        reason: "a quarter: one broken client must not lock the others out",
      },
    ),
    insecure: flag({
      description: "Listen beyond loopback without authentication, or take passwords and tokens without TLS.",
      reason: "must be asked for by name",
    }),
  }),
  tls: Type.Optional(
    section("HTTPS (and HTTP/2). Certificates are read again when they change, without dropping a request.", {
      certificate: file({ description: "PEM file with the certificate and its chain." }),
      key: file({ description: "PEM file with its private key." }),
      clientCa: maybeFile({ description: "PEM file with the authorities of client certificates." }),
      minVersion: choice(["1.2", "1.3"], "1.2", {
        description: "Oldest TLS version.",
        reason: "API servers and collectors of the last years all speak 1.2; nothing older is safe",
      }),
      maxVersion: choice(["1.2", "1.3"], "1.3", {
        description: "Newest TLS version.",
        reason: "the newest there is",
      }),
    }),
  ),
  credentials: Type.Array(Credential, {
    default: [],
    description: "Who may send and read. The credential decides source and cluster, never the body.",
    reason: "none: loopback is the only fence until somebody is named",
  }),
  intake: section("How events get in.", {
    anonymousSource: Type.String({
      minLength: 1,
      default: "local",
      description: "Source of senders without a credential; the path /audit/<source> replaces it.",
      reason: "only loopback has anonymous senders",
    }),
    files: Type.Array(TailedFile, {
      default: [],
      description: "Log files to follow.",
      reason: "the webhook needs none",
    }),
    limits: Limits,
  }),
  redaction: Redaction,
  journal: section("The append-only files where an event is before its sender hears 200.", {
    queueBytesMax: integer(
      { minimum: 1 * MiB, maximum: 4 * GiB, default: JOURNAL_LIMITS.queueBytesMax },
      {
        unit: "bytes",
        description: "Waiting for the disk. Above it senders get 503.",
        reason: "half a second of what a disk of 120 MB/s takes",
      },
    ),
    diskUsePercentMax: integer(
      { minimum: 10, maximum: 100, default: JOURNAL_LIMITS.usedShareMax * 100 },
      {
        unit: "percent",
        description: "Use of the file system above which intake says 503 until there is room again.",
        reason: "sealing, segments and the operator need the rest to get out of it",
      },
    ),
  }),
  seal: section("When records become a block of the log.", {
    intervalMs: integer(
      { minimum: 100, maximum: 60_000, default: 1_000 },
      {
        unit: "ms",
        description: "Longest wait of a record for its checkpoint.",
        reason: "a second is short to an attacker and costs one entry and one signature",
      },
    ),
    recordsMax: integer(
      { minimum: 1, maximum: 65_536, default: BLOCK_LIMITS.recordsMax },
      {
        unit: "records",
        description: "Most records sealed in one block.",
        reason: "a receipt needs the hashes of its whole block: 14 of them on the path, 320 kB to make it",
      },
    ),
    bytesMax: integer(
      { minimum: 64 * KiB, maximum: 1 * GiB, default: BLOCK_LIMITS.bytesMax },
      {
        unit: "bytes",
        description: "Most bytes of bodies sealed in one block; a larger record is a block alone.",
        reason: "10,000 events of 1.5 KB, and a piece that verify can hold in memory",
      },
    ),
  }),
  segments: section("When sealed records become a Parquet file.", {
    recordsMin: integer(
      { minimum: 100, maximum: 10_000_000, default: SEARCH_LIMITS.segmentRecords },
      {
        unit: "records",
        description: "Make a segment when so many sealed records wait.",
        reason: "two row groups, about 9 MB: a second of work at full load",
      },
    ),
    waitMinutes: integer(
      { minimum: 1, maximum: 1_440, default: SEARCH_LIMITS.segmentWaitMs / 60_000 },
      {
        unit: "minutes",
        description: "Make one, however small, when the oldest waits so long.",
        reason: "the tail read by every query stays small; compaction joins the small ones later",
      },
    ),
  }),
  search: section(
    "Limits of one query, in a process of its own. What they cut is marked partial, never silent.",
    {
      rowsMax: integer(
        { minimum: 1, maximum: 10_000_000, default: 1_000_000 },
        {
          unit: "rows",
          description: "Most rows of one answer.",
          reason: "more is an export, not a question",
        },
      ),
      timeoutMs: integer(
        { minimum: 100, maximum: 3_600_000, default: 30_000 },
        {
          unit: "ms",
          description: "Longest run of one query.",
          reason: "the HTTP clients in front of it wait this long",
        },
      ),
      queriesMax: integer(
        { minimum: 1, maximum: 32, default: SEARCH_LIMITS.queriesMax },
        {
          description:
            "Queries that run at once, and half as many besides that read much; further ones wait, then hear 503.",
          reason: "they share memoryBytesMax and two cores; more at once are slower each",
        },
      ),
      memoryBytesMax: integer(
        { minimum: 128 * MiB, maximum: 1024 * GiB, default: 1 * GiB },
        {
          unit: "bytes",
          description: "Memory of the search process; larger sorts go to disk.",
          reason: "enough for group-bys over ten million rows on the smallest machine worth using",
        },
      ),
    },
  ),
  policy: PolicySection,
  scrub: section("The ledger reads itself again and checks every hash.", {
    intervalMinutes: integer(
      { minimum: 1, maximum: 10_080, default: 10 },
      {
        unit: "minutes",
        description: "Check what is new since the last time, so often.",
        reason: "a change to fresh history is noticed while somebody remembers the day",
      },
    ),
    fullHours: integer(
      { minimum: 1, maximum: 8_760, default: 24 },
      {
        unit: "hours",
        description: "Check everything again, so often.",
        reason:
          "disks rot and administrators are tempted at any age; a day of 43 million events takes 8 minutes",
      },
    ),
  }),
  metrics: section("What /metrics shows.", {
    seriesMax: integer(
      { minimum: 100, maximum: 100_000, default: 2_000 },
      {
        unit: "series",
        description: "Most label combinations of one event counter; the rest is counted as __other__.",
        reason: "clients choose names; a million of them must not cost memory here or in Prometheus",
      },
    ),
  }),
  log: section("Tallystick's own log, JSON lines on standard error. Never holds events or credentials.", {
    level: choice(["debug", "info", "warn", "error"], "info", {
      description: "Least important line written.",
      reason: "starts, stops and trouble; nothing per request",
    }),
  }),
})

type DeepReadonly<T> = T extends readonly (infer I)[]
  ? readonly DeepReadonly<I>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** The configuration with its defaults filled in and its paths absolute. */
export type ConfigType = DeepReadonly<Static<typeof Config>>
