import { logsql, type Parameter } from "./logsql.ts"

/**
 * Each request once, when it is over: its last stage. A request that was not authenticated (401) has no ResponseComplete,
 * its only stage is ResponseStarted.
 */
export const ENDED = logsql`(stage:in(ResponseComplete, Panic) or (stage:=ResponseStarted
    responseStatus.code:=401))`

/** Requests that last (exec, port-forward, watch) are seen when they begin. */
export const BEGUN = logsql`stage:!=RequestReceived`

export const CHANGES = logsql`verb:in(create, update, patch, delete, deletecollection)`

/** Who did it, to what, and how it ended. */
export const WHO_WHAT = logsql`fields _time, user.username, impersonatedUser.username, verb,
    objectRef.resource,
  objectRef.subresource, objectRef.namespace, objectRef.name, responseStatus.code`

export const NAMESPACE: Parameter = {
  name: "namespace",
  kind: "text",
  description: "only in this namespace",
  example: "prod",
  optional: true,
}
export const NAME: Parameter = {
  name: "name",
  kind: "text",
  description: "only the object with this name",
  example: "db-password",
  optional: true,
}
export const USER: Parameter = {
  name: "user",
  kind: "text",
  description: "only by this user",
  example: "alice",
  optional: true,
}
export const WINDOW: Parameter = {
  name: "window",
  kind: "duration",
  description: "how long ago new begins; what is older is what it is compared with",
  example: "7d",
  byDefault: "7d",
}
