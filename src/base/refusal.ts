/**
 * The whole failure vocabulary. HTTP, the command line and the docs read this table; nobody else picks a status.
 * `http` is the status of the problem document (RFC 9457), `exit` the command line's code, `hint` what to do.
 * One section per folder, in import order.
 */
export const REFUSALS = {
  // base
  "text.malformed": { http: 400, exit: 2, hint: "compare the text with docs/FORMAT.md" },
  "base64.malformed": { http: 400, exit: 2, hint: "use standard base64 with padding (RFC 4648 §4)" },
  "time.malformed": {
    http: 400,
    exit: 64,
    hint: "write a time as 2026-01-02T03:04:05Z or a duration as 24h",
  },
  "yaml.malformed": { http: 400, exit: 2, hint: "correct the YAML at the line and column given" },
  // event
  "record.malformed": { http: 422, exit: 2, hint: "compare the line with docs/FORMAT.md, 'Record line'" },
  "event.notJson": {
    http: 400,
    exit: 2,
    hint: "send an EventList, an Event or JSON lines (audit.k8s.io/v1), with --audit-log-format=json",
  },
  "redaction.malformed": { http: 400, exit: 64, hint: "correct the rule under redaction.rules" },
  "redaction.key": {
    http: 500,
    exit: 2,
    hint: "put back the file that tallystick init made: 32 bytes in base64, one line",
  },
  // intake
  "body.tooLarge": {
    http: 413,
    exit: 2,
    hint: "send smaller batches (--audit-webhook-batch-max-size), or raise intake.limits.bodyBytesMax",
  },
  "intake.limits": {
    http: 400,
    exit: 64,
    hint: "raise intake.limits.inFlightBytesMax, or lower bodyBytesMax",
  },
  "intake.overBudget": { http: 503, exit: 2, hint: "send again in a few seconds" },
  "body.encoding": { http: 415, exit: 2, hint: "send the body plain, or as gzip, deflate, zstd or snappy" },
  "body.damaged": { http: 400, exit: 2, hint: "send the whole body in the encoding its header names" },
  "body.slow": { http: 408, exit: 2, hint: "send faster, or raise intake.limits.requestTimeoutMs" },
  "body.cut": { http: 400, exit: 2, hint: "send the whole body" },
  "positions.malformed": {
    http: 500,
    exit: 2,
    hint: "nothing is lost: the file was set aside, and what is read again is shown once by queries",
  },
  "file.unreadable": { http: 500, exit: 2, hint: "let the user of tallystick read the file and its folder" },
  "file.lost": {
    http: 500,
    exit: 2,
    hint: "keep rotated files until they are read: raise --audit-log-maxbackup",
  },
  "import.parameters": { http: 400, exit: 64, hint: "POST /import/<source>?id=<import id>&name=<file name>" },
  "import.format": {
    http: 415,
    exit: 2,
    hint: "give JSON lines, an EventList or the legacy log format, plain or as gzip or zstd",
  },
  "source.malformed": {
    http: 400,
    exit: 64,
    hint: "name a source as segments of letters, digits, dot, dash and underscore: prod-1/apiserver-0",
  },
  "source.tooMany": {
    http: 503,
    exit: 2,
    hint: "send under a source the ledger knows; a credential should name one source, not make new ones",
  },
  "source.reserved": { http: 400, exit: 64, hint: "use another name: tallystick is the ledger itself" },
  "source.spoofed": {
    http: 403,
    exit: 2,
    hint: "the credential decides the cluster: leave cluster and source out of extra_fields, or use the cluster's own credential",
  },
  "insert.parameters": { http: 400, exit: 64, hint: "see docs/INSERT.md for the arguments of /insert/…" },
  "insert.body": { http: 400, exit: 2, hint: "see docs/INSERT.md for what each path of /insert/ takes" },
  "insert.notUnderstood": {
    http: 400,
    exit: 2,
    hint: "the lines are kept, marked quarantined; send JSON objects, see docs/INSERT.md",
  },
  // journal
  "journal.unavailable": {
    http: 503,
    exit: 2,
    hint: "send again in a few seconds; if it lasts, look at the disk",
  },
  "journal.malformed": { http: 422, exit: 2, hint: "compare the line with docs/FORMAT.md, 'Journal'" },
  "journal.touched": {
    http: 503,
    exit: 1,
    hint: "another process removed or changed a file of the journal: find it, and run tallystick verify",
  },
  "journal.damaged": {
    http: 500,
    exit: 1,
    hint: "keep a copy of the ledger's directory, run tallystick verify, and check the disk",
  },
  "control.malformed": {
    http: 422,
    exit: 1,
    hint: "compare the body with docs/FORMAT.md, 'Control records'",
  },
  // tlog
  "crypto.unavailable": { http: 500, exit: 2, hint: "run this with Node instead of a browser" },
  "note.malformed": { http: 422, exit: 2, hint: "check that the file is a whole c2sp.org/signed-note" },
  "note.unsigned": { http: 422, exit: 1, hint: "check that the verifier key is the one of this log" },
  "note.refuted": { http: 422, exit: 1, hint: "keep the note: it, or one of its signatures, was changed" },
  "key.malformed": { http: 422, exit: 2, hint: "copy the whole key: <name>+<8 hex digits>+<base64>" },
  "key.ambiguous": { http: 422, exit: 2, hint: "give each verifier key once" },
  "checkpoint.malformed": {
    http: 422,
    exit: 2,
    hint: "check that the file is a whole c2sp.org/tlog-checkpoint",
  },
  "proof.malformed": { http: 422, exit: 2, hint: "check that the file is a whole c2sp.org/tlog-proof" },
  "proof.refuted": { http: 422, exit: 1, hint: "keep both checkpoints: the log may have been rewritten" },
  "proof.outOfRange": { http: 404, exit: 2, hint: "ask for an entry or a size that the log has" },
  "tile.malformed": { http: 404, exit: 2, hint: "compare the path or the tile with c2sp.org/tlog-tiles" },
  "tile.missing": { http: 404, exit: 2, hint: "fetch or restore the tile; it follows from the block texts" },
  "block.malformed": { http: 422, exit: 2, hint: "compare the block text with docs/FORMAT.md, 'Block text'" },
  "receipt.malformed": { http: 422, exit: 1, hint: "ask for the receipt again: this text is not whole" },
  "receipt.refuted": { http: 422, exit: 1, hint: "keep the receipt: it does not prove what it says" },
  "receipt.revoked": {
    http: 422,
    exit: 1,
    hint: "whoever holds the key may have made it: ask for a receipt under a checkpoint signed by the key that followed",
  },
  "receipt.unwitnessed": {
    http: 422,
    exit: 2,
    hint: "ask for a receipt under a checkpoint that the witnesses cosigned",
  },
  // store
  "store.interrupted": { http: 503, exit: 2, hint: "ask for less at once, or raise search.timeoutMs" },
  "store.memory": { http: 503, exit: 2, hint: "ask for less at once, or raise search.memoryBytesMax" },
  "store.full": { http: 503, exit: 2, hint: "free space on the ledger's volume" },
  "store.broken": { http: 503, exit: 2, hint: "the search process starts again by itself; report this" },
  "store.failed": { http: 500, exit: 2, hint: "report this, with the version of Tallystick" },
  "store.conflict": { http: 409, exit: 2, hint: "an object is written once; choose another name" },
  "store.name": { http: 400, exit: 2, hint: "name objects as paths of letters, digits, dot, dash, equals" },
  "segment.malformed": {
    http: 422,
    exit: 2,
    hint: "compare the file's name and columns with docs/FORMAT.md, 'Segments'",
  },
  "segment.unlike": {
    http: 500,
    exit: 2,
    hint: "check the disk and the memory: a file did not read back as written",
  },
  "segment.damagedJournal": {
    http: 500,
    exit: 1,
    hint: "run tallystick verify: the journal is not as it was acknowledged",
  },
  "catalogue.malformed": {
    http: 500,
    exit: 2,
    hint: "remove catalogue.ndjson: it is rebuilt from the segments",
  },
  // seal
  "key.unreadable": { http: 500, exit: 2, hint: "check the path of the key; tallystick keys new makes one" },
  "key.exists": { http: 409, exit: 2, hint: "choose another path; nothing was overwritten" },
  "key.exposed": { http: 500, exit: 2, hint: "chmod 600 the key file" },
  "key.unknown": { http: 500, exit: 2, hint: "give the key that signed this ledger's last checkpoint" },
  "remembered.unavailable": {
    http: 500,
    exit: 2,
    hint: "give the process a folder of its own outside the ledger, which it may write (XDG_STATE_HOME)",
  },
  "seal.unavailable": {
    http: 503,
    exit: 2,
    hint: "look at the disk (df, df -i, mount); sealing is tried again every second",
  },
  "ledger.missing": { http: 500, exit: 2, hint: "tallystick init makes a ledger; check the path before" },
  "ledger.exists": { http: 409, exit: 2, hint: "use the ledger that is there, or another directory" },
  "ledger.locked": {
    http: 503,
    exit: 2,
    hint: "one process at a time writes a ledger: go through the one that holds it, or stop it",
  },
  "ledger.unwritable": {
    http: 503,
    exit: 2,
    hint: "give the process the right to write there, and room; tallystick doctor looks at both",
  },
  "ledger.shrunk": {
    http: 503,
    exit: 1,
    hint: "restore the newer ledger; this one keeps journalling and seals nothing. If the newer one is lost for good, begin a new origin",
  },
  "ledger.forked": {
    http: 503,
    exit: 1,
    hint: "keep both checkpoints and a copy of the directory: the log was rewritten; nothing more is sealed",
  },
  "ledger.damaged": {
    http: 503,
    exit: 1,
    hint: "keep a copy of the directory, restore log/ from a mirror or a backup; nothing more is sealed until then",
  },
  "ledger.touched": {
    http: 503,
    exit: 1,
    hint: "another process changed log/ while this one held it: stop both and run tallystick verify",
  },
  "record.unknown": { http: 404, exit: 2, hint: "tallystick query finds records and their numbers" },
  "record.ambiguous": { http: 409, exit: 2, hint: "name one of the record numbers" },
  "record.unsealed": {
    http: 503,
    exit: 2,
    hint: "a running server seals within seconds; start it, then ask again",
  },
  "record.unprovable": {
    http: 500,
    exit: 1,
    hint: "run tallystick verify: what is there is not what was sealed, or it was destroyed by rule",
  },
  "seal.unverified": {
    http: 503,
    exit: 2,
    hint: "run tallystick verify by hand, and look at the log of the server",
  },
  // query
  "query.malformed": { http: 400, exit: 64, hint: "see docs/LOGSQL.md; put text with other signs in quotes" },
  "query.foreign": {
    http: 400,
    exit: 64,
    hint: "send the corrected query, where one stands here, or ask for it to be corrected: compat=logql, --compat logql",
  },
  "query.unsupported": {
    http: 400,
    exit: 64,
    hint: "docs/LOGSQL.md lists the filters, pipes and functions there are",
  },
  "query.tooLarge": {
    http: 400,
    exit: 64,
    hint: "ask a smaller question; docs/ARCHITECTURE.md, 'Limits', lists how large it may be",
  },
  "query.view": {
    http: 400,
    exit: 64,
    hint: "docs/HTTP.md says which queries each endpoint takes; /select/logsql/query takes all",
  },
  "query.cursor": {
    http: 400,
    exit: 64,
    hint: "begin again with an empty cursor; where rows are no records, page by limit and offset",
  },
  // search
  "search.unavailable": {
    http: 503,
    exit: 2,
    hint: "the search process is starting again; try in some seconds",
  },
  "search.moved": {
    http: 503,
    exit: 2,
    hint: "ask again, or ask the server instead of its directory",
  },
  "search.busy": {
    http: 503,
    exit: 2,
    hint: "too many queries at once; try again, or raise search.queriesMax",
  },
  "search.partial": {
    http: 503,
    exit: 2,
    hint: "ask for less at once, raise the limit, or take what there is: allow_partial_response=1",
  },
  "search.failed": {
    http: 500,
    exit: 2,
    hint: "the query was understood but could not be run; see the server's log",
  },
  // policy
  "policy.illegal": {
    http: 422,
    exit: 1,
    hint: "kube-apiserver would not start with this policy: mend what the message names",
  },
  "coverage.unmet": {
    http: 422,
    exit: 1,
    hint: "mend what the message names: its word, or lines that ask for different levels of one resource and verb",
  },
  "policy.notOne": {
    http: 422,
    exit: 2,
    hint: "name a file with one audit policy, or put the one that is meant into a file of its own",
  },
  "policy.noServer": {
    http: 422,
    exit: 2,
    hint: "name what one kube-apiserver runs with: its static pod, a machine configuration, or its flags, one a line",
  },
  "policy.notRecorded": {
    http: 404,
    exit: 2,
    hint: "record it with tallystick policy record, or name its file under policy.declared in the configuration",
  },
  "coverage.malformed": {
    http: 422,
    exit: 2,
    hint: "write a list of {group, resources, verbs, level}: docs/POLICY.md, 'Coverage'",
  },
  // connect
  "connect.refused": {
    http: 422,
    exit: 1,
    hint: "nothing was written: it would keep an API server from starting, or its events from arriving",
  },
  // api
  "auth.required": {
    http: 401,
    exit: 2,
    hint: "send a client certificate, a bearer token or basic credentials (over https: kubeconfig leaves them out on http)",
  },
  "auth.refused": {
    http: 401,
    exit: 2,
    hint: "check the credential against the configuration's credentials",
  },
  "auth.forbidden": { http: 403, exit: 2, hint: "give the credential the verb this route needs" },
  "auth.tenant": {
    http: 403,
    exit: 2,
    hint: "leave out AccountID and ProjectID, or list the tenant in the credential's tenants",
  },
  "auth.crossSite": { http: 403, exit: 2, hint: "set up credentials, or use the address it listens on" },
  "auth.busy": { http: 503, exit: 2, hint: "send again in a few seconds; tokens are cheaper to check" },
  "credential.malformed": { http: 400, exit: 64, hint: "see docs/CONFIG.md, 'credentials'" },
  "credential.weak": { http: 400, exit: 64, hint: "make one with: openssl rand -base64 32" },
  "listen.exposed": {
    http: 400,
    exit: 64,
    hint: "set credentials and tls, or listen.address 127.0.0.1, or listen.insecure true",
  },
  "listen.unavailable": {
    http: 500,
    exit: 2,
    hint: "choose another listen.port (--set listen.port=9000) or listen.address, or end what is there",
  },
  "tls.malformed": { http: 400, exit: 64, hint: "check tls.certificate, tls.key and tls.clientCa" },
  "http.malformed": { http: 400, exit: 2, hint: "send HTTP/1.1 or HTTP/2" },
  "http.parameters": { http: 400, exit: 64, hint: "see /openapi.json for what this route takes" },
  "http.notFound": { http: 404, exit: 2, hint: "see /openapi.json for what there is" },
  "http.methodNotAllowed": { http: 405, exit: 2, hint: "see the Allow header" },
  "http.internal": { http: 500, exit: 2, hint: "see the server's log" },
  // cli
  "config.malformed": {
    http: 400,
    exit: 2,
    hint: "tallystick config check names every problem; docs/CONFIG.md has every option",
  },
  "server.unreachable": {
    http: 502,
    exit: 2,
    hint: "check the address, and that tallystick serve runs there; --dir reads a ledger's directory without it",
  },
  "server.refused": { http: 502, exit: 2, hint: "check that the address is the one of tallystick serve" },
  "record.notQuarantined": { http: 404, exit: 2, hint: "tallystick quarantine list shows those that are" },
  "system.failed": {
    http: 500,
    exit: 2,
    hint: "look at what the message names: that it is there, its rights, the room on its disk; tallystick doctor helps",
  },
  "input.unreadable": { http: 400, exit: 2, hint: "check the path and the rights of the file" },
  "output.unwritable": { http: 400, exit: 2, hint: "choose a new file in a folder you may write to" },
  usage: { http: 400, exit: 64, hint: "see tallystick --help" },
} as const satisfies Readonly<Record<string, { http: number; exit: 1 | 2 | 64; hint: string }>>

export type RefusalCode = keyof typeof REFUSALS

/** Facts about a refusal that a program may want: offsets, limits, names. Never secrets, never event bodies. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>

/**
 * Input or a world we foresaw and do not accept. Caught once, at the edge.
 * The message says what was seen and what was expected, in lower case.
 */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly code: RefusalCode
  readonly facts: Facts

  constructor(code: RefusalCode, message: string, facts: Facts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
  }
}

export function isRefusal(error: unknown, code?: RefusalCode): error is Refusal {
  return error instanceof Refusal && (code === undefined || error.code === code)
}
