/**
 * The field catalogue: every name a query can say, its type as a column, where its value stands in the event's JSON and
 * who wrote it. Segments, queries, reports and docs read this one table.
 */

/** `listMap` is a map from a name to a list of strings (user.extra). Times are microseconds in UTC. */
export type FieldType = "text" | "integer" | "time" | "list" | "map" | "listMap"

/**
 * Who decides the value. `server`: kube-apiserver. `client`: whoever sent the request, in whole or in part: never an
 * identity, a key or markup. `mixed`: the server's, but holding text of clients. `ledger`: Tallystick.
 */
export type Trust = "server" | "client" | "mixed" | "ledger"

export type Field = {
  readonly name: string
  readonly type: FieldType
  readonly trust: Trust
  /** Where it stands in an audit.k8s.io/v1 Event; absent where the ledger makes it. */
  readonly path?: readonly string[]
  readonly description: string
}

const inEvent = (name: string, type: FieldType, trust: Trust, description: string): Field => ({
  name,
  type,
  trust,
  path: name.split("."),
  description,
})
const ofLedger = (name: string, type: FieldType, description: string): Field => ({
  name,
  type,
  trust: "ledger",
  description,
})

/** What the ledger knows of each record. These say how it was delivered, not what it says. */
export const DELIVERY_FIELDS: readonly Field[] = [
  ofLedger("record", "integer", "number of the record in the ledger, from 0"),
  ofLedger("receivedAt", "time", "clock of the ledger when the record was appended"),
  ofLedger("source", "text", "where the bytes came from, bound to a credential or a path; cluster first"),
  ofLedger("n", "integer", "number of the record within its source, from 0"),
  ofLedger("kind", "text", "k8s.audit, k8s.admission, alertmanager.alert, app.audit, log or tallystick"),
  ofLedger(
    "words",
    "text",
    "the words of the record's line, as they stand there: key=value separated by spaces",
  ),
  ofLedger("duplicateOf", "integer", "number of the first record with the same body in the same cluster"),
]

/** Made from the event by rules of ours. */
export const DERIVED_FIELDS: readonly Field[] = [
  ofLedger("_time", "time", "stageTimestamp; requestReceivedTimestamp or receivedAt where there is none"),
  ofLedger("_msg", "text", "one sentence: who did what, and how it ended"),
  ofLedger("_stream", "text", "{cluster,source,kind} as a stream selector prints it"),
  ofLedger("cluster", "text", "first part of the source"),
  ofLedger("actor.kind", "text", "human, serviceaccount, node, controlplane, controller or anonymous"),
]

/** The fixed fields of audit.k8s.io/v1 Event under their dotted paths. */
export const EVENT_FIELDS: readonly Field[] = [
  inEvent("apiVersion", "text", "server", "audit.k8s.io/v1; items of a webhook's list carry none"),
  inEvent("level", "text", "server", "level of the policy rule that matched"),
  inEvent(
    "auditID",
    "text",
    "client",
    "the request's Audit-ID header as sent, or an UUID; the same for all stages",
  ),
  inEvent("stage", "text", "server", "RequestReceived, ResponseStarted, ResponseComplete or Panic"),
  inEvent("requestURI", "text", "client", "path and query as sent"),
  inEvent(
    "verb",
    "text",
    "server",
    "get, list, watch, create, update, patch, delete, deletecollection; empty for odd methods",
  ),
  inEvent("user.username", "text", "server", "who was authenticated; before any impersonation"),
  inEvent("user.uid", "text", "server", "unique id of the user"),
  inEvent("user.groups", "list", "server", "groups of the user"),
  inEvent(
    "user.extra",
    "listMap",
    "server",
    "what the authenticator knows besides: pod, node, credential id",
  ),
  inEvent("impersonatedUser.username", "text", "server", "whom the user acted as"),
  inEvent("impersonatedUser.uid", "text", "server", "unique id of whom the user acted as"),
  inEvent("impersonatedUser.groups", "list", "server", "groups of whom the user acted as"),
  inEvent("impersonatedUser.extra", "listMap", "server", "extra of whom the user acted as"),
  inEvent(
    "authenticationMetadata.impersonationConstraint",
    "text",
    "server",
    "verb that allowed the impersonation (1.35)",
  ),
  inEvent("sourceIPs", "list", "mixed", "only the last entry is not chosen by the client"),
  inEvent("userAgent", "text", "client", "as the client calls itself"),
  inEvent("objectRef.resource", "text", "server", "plural name of the resource"),
  inEvent("objectRef.namespace", "text", "client", "namespace of the object"),
  inEvent("objectRef.name", "text", "client", "name of the object; empty on lists and generated names"),
  inEvent("objectRef.uid", "text", "client", "uid of the object, as the client sent it"),
  inEvent("objectRef.apiGroup", "text", "server", "API group; empty for core"),
  inEvent("objectRef.apiVersion", "text", "server", "API version"),
  inEvent("objectRef.resourceVersion", "text", "client", "resourceVersion, as the client sent it"),
  inEvent("objectRef.subresource", "text", "server", "subresource: exec, log, status"),
  inEvent("responseStatus.code", "integer", "server", "HTTP status of the answer"),
  inEvent("responseStatus.status", "text", "server", "Success or Failure"),
  inEvent("responseStatus.reason", "text", "server", "machine-readable cause of a failure"),
  inEvent("responseStatus.message", "text", "mixed", "human-readable cause; it quotes the client"),
  inEvent(
    "annotations",
    "map",
    "mixed",
    "authorization decision and reason, admission results; webhooks write here too",
  ),
  inEvent("requestReceivedTimestamp", "time", "server", "when the API server got the request"),
  inEvent("stageTimestamp", "time", "server", "when this stage was reached"),
]

/** Every field with a column or a derivation, in the order of the columns. */
export const FIELDS: readonly Field[] = [...DELIVERY_FIELDS, ...DERIVED_FIELDS, ...EVENT_FIELDS]

const byName = new Map(FIELDS.map((field) => [field.name, field]))

export function findField(name: string): Field | undefined {
  return byName.get(name)
}
