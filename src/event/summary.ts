import { type Condition, type Expression, evaluate, type Fields } from "./expression.ts"
import { KINDS } from "./kinds.ts"
import { type Event, readField } from "./parse.ts"

/**
 * One sentence for any record, `_msg`: who did what to what, and how it ended.
 *
 *     'alice' performed 'CREATE' on 'Workload' 'my-project/my-workload'
 *     'alice' as 'bob' was refused 'LIST' on 'Secret' in 'prod' by authorization: secrets is forbidden: ...
 *     'system:node:n1' failed to perform 'PATCH' on 'Pod/status' 'prod/web': 409 Conflict: ...
 *     an unauthenticated client was refused 'GET' on '/api' by authentication: Unauthorized
 *
 * Names in quotes are the client's: what could end the quotation is escaped. What stands after the last colon
 * is the API server's message, which quotes clients too. Only columns of the catalogue are used, so that SQL
 * can derive the same.
 */
export const SUMMARY: Expression = (() => {
  const field = (name: string, key?: string): Expression =>
    key === undefined ? { field: name } : { field: name, key }
  const isEmpty = (of: Expression): Condition => ({ of, among: [""] })
  const verb = field("verb")
  const stage = field("stage")
  const code = field("responseStatus.code")
  const resource = field("objectRef.resource")
  const subresource = field("objectRef.subresource")
  const namespace = field("objectRef.namespace")
  const name = field("objectRef.name")
  const message = field("responseStatus.message")
  const reason = field("responseStatus.reason")
  const decision = field("annotations", "authorization.k8s.io/decision")
  const isRefused: Condition = { of: code, among: ["401", "403"] }
  const isFailed: Condition = { integer: "responseStatus.code", min: 400 }
  const before = (mark: string, text: Expression): Expression => ({
    cases: [[isEmpty(text), ""]],
    otherwise: { concat: [mark, { line: text }] },
  })

  const who: Expression = {
    concat: [
      {
        cases: [[isEmpty(field("user.username")), "an unauthenticated client"]],
        otherwise: { quote: field("user.username") },
      },
      {
        cases: [[isEmpty(field("impersonatedUser.username")), ""]],
        otherwise: { concat: [" as ", { quote: field("impersonatedUser.username") }] },
      },
    ],
  }
  const did: Expression = {
    cases: [
      [isRefused, " was refused "],
      [isFailed, " failed to perform "],
      [{ of: stage, among: ["Panic"] }, " failed to perform "],
      [{ of: stage, among: ["RequestReceived"] }, " requested "],
      [{ of: stage, among: ["ResponseStarted"] }, " started "],
    ],
    otherwise: " performed ",
  }
  const what: Expression = {
    cases: [[isEmpty(verb), "an unknown verb"]],
    otherwise: { quote: { upper: verb } },
  }
  const kind: Expression = { lookup: resource, table: KINDS }
  const object: Expression = {
    concat: [
      {
        cases: [[isEmpty(subresource), { quote: kind }]],
        otherwise: { quote: { concat: [kind, "/", subresource] } },
      },
      {
        cases: [
          [{ all: [isEmpty(name), isEmpty(namespace)] }, ""],
          [isEmpty(name), { concat: [" in ", { quote: namespace }] }],
          [isEmpty(namespace), { concat: [" ", { quote: name }] }],
          // The namespace of a Namespace is itself.
          [
            { all: [{ of: resource, among: ["namespaces"] }, { same: [namespace, name] }] },
            { concat: [" ", { quote: name }] },
          ],
        ],
        otherwise: { concat: [" ", { quote: { concat: [namespace, "/", name] } }] },
      },
    ],
  }
  const target: Expression = {
    cases: [[isEmpty(resource), { quote: { path: field("requestURI") } }]],
    otherwise: object,
  }
  const by: Expression = {
    cases: [
      [{ of: code, among: ["401"] }, " by authentication"],
      [{ of: decision, among: ["forbid"] }, " by authorization"],
      // Authorized, and refused all the same.
      [{ of: decision, among: ["allow"] }, " by admission"],
    ],
    // Impersonation, flow control, or an authorizer that failed: none of them says so in an event.
    otherwise: " before authorization",
  }
  const why: Expression = {
    first: [
      message,
      {
        cases: [[{ of: decision, among: ["forbid"] }, field("annotations", "authorization.k8s.io/reason")]],
        otherwise: "",
      },
      reason,
    ],
  }
  const end: Expression = {
    cases: [
      [isRefused, { concat: [by, before(": ", why)] }],
      [isFailed, { concat: [": ", code, before(" ", reason), before(": ", message)] }],
    ],
    otherwise: "",
  }
  const record: Expression = {
    concat: [
      "a record of kind ",
      { quote: field("kind") },
      " from ",
      { quote: field("source") },
      { cases: [[{ of: field("words"), has: "quarantined=" }, " that is not understood"]], otherwise: "" },
    ],
  }
  return {
    cases: [[{ all: [isEmpty(verb), isEmpty(stage)] }, record]],
    otherwise: { concat: [who, did, what, " on ", target, end] },
  }
})()

/** The fields {@link SUMMARY} reads. */
export const SUMMARY_FIELDS = [
  "kind",
  "source",
  "words",
  "verb",
  "stage",
  "requestURI",
  "user.username",
  "impersonatedUser.username",
  "objectRef.resource",
  "objectRef.subresource",
  "objectRef.namespace",
  "objectRef.name",
  "responseStatus.code",
  "responseStatus.reason",
  "responseStatus.message",
  "annotations",
] as const

/** What the ledger knows of a record besides its event. */
export type Delivery = { readonly kind: string; readonly source: string; readonly words?: string }

/** The sentence of fields as columns hold them. */
export function summariseFields(fields: Fields): string {
  return evaluate(SUMMARY, fields)
}

/** The sentence of one event; `delivery` is only told of records that are none. */
export function summarise(event: Event, delivery?: Delivery): string {
  const ofEvent = SUMMARY_FIELDS.map((name) => [name, readField(event, name)] as const)
  return summariseFields({ ...Object.fromEntries(ofEvent), ...delivery })
}
