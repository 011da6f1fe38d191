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
  // journal
  // tlog
  // store
  // seal
  // query
  // search
  // policy
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
