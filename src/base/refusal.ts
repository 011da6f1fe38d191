/**
 * The whole failure vocabulary. HTTP, the command line and the docs read this table; nobody else picks a status.
 * `http` is the status of the problem document (RFC 9457), `exit` the command line's code (design §10), `hint` what to do.
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
  "record.malformed": { http: 422, exit: 2, hint: "compare the line with docs/FORMAT.md, 'Record'" },
  // intake
  "intake.bodyTooLarge": {
    http: 413,
    exit: 2,
    hint: "send smaller batches (--audit-webhook-batch-max-size), or raise intake.limits.bodyBytesMax",
  },
  "intake.overBudget": { http: 503, exit: 2, hint: "send again in a few seconds" },
  "intake.encodingUnknown": { http: 415, exit: 2, hint: "send the body plain, or as gzip, deflate or zstd" },
  "intake.encodingBroken": { http: 400, exit: 2, hint: "send the whole body in the encoding its header names" },
  "intake.bodySlow": { http: 408, exit: 2, hint: "send faster, or raise intake.limits.bodyTimeoutMs" },
  "intake.bodyCut": { http: 400, exit: 2, hint: "send the whole body" },
  "source.malformed": {
    http: 400,
    exit: 64,
    hint: "name a source as segments of letters, digits, dot, dash and underscore: prod-1/apiserver-0",
  },
  "source.reserved": { http: 400, exit: 64, hint: "use another name: tallystick is the ledger itself" },
  // journal
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
  "tile.malformed": { http: 404, exit: 2, hint: "compare the path or the tile with c2sp.org/tlog-tiles" },
  "tile.missing": { http: 404, exit: 2, hint: "fetch or restore the tile; it follows from the block texts" },
  "block.malformed": { http: 422, exit: 2, hint: "compare the block text with docs/FORMAT.md, 'Block text'" },
  "receipt.malformed": { http: 422, exit: 1, hint: "ask for the receipt again: this text is not whole" },
  "receipt.refuted": { http: 422, exit: 1, hint: "keep the receipt: it does not prove what it says" },
  // store
  // seal
  // query
  // search
  // policy
  "policy.illegal": {
    http: 422,
    exit: 1,
    hint: "kube-apiserver would not start with this policy: mend what the message names",
  },
  // api
  // cli
  "config.malformed": {
    http: 400,
    exit: 2,
    hint: "tallystick config check names every problem; docs/CONFIG.md has every option",
  },
  "file.unreadable": { http: 400, exit: 2, hint: "check the path and the rights of the file" },
  "file.exists": { http: 409, exit: 2, hint: "choose another path; nothing was overwritten" },
  "node.tooOld": { http: 500, exit: 2, hint: "use Node 24 or newer; npm ci brings one along" },
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
