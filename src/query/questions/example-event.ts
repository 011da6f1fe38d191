/**
 * Events for the examples of questions, with the members and in the order in which kube-apiserver writes them (1.20 to 1.35):
 * what is not said is that of an ordinary request that went well.
 */
export type Said = {
  /** When it ended: a time of 2026-11-20, or a whole time. */
  readonly at: string
  readonly user?: string
  readonly verb: string
  readonly resource?: string
  readonly group?: string
  readonly version?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  /** Behind the `?` of the URI. */
  readonly query?: string
  /** Instead of the object's URI. */
  readonly uri?: string
  readonly code?: number
  readonly message?: string
  readonly stage?: "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic"
  readonly ip?: string
  readonly as?: string
  readonly request?: object
  readonly annotations?: Readonly<Record<string, string>>
}

export const EXAMPLE_DAY = "2026-11-20"

export function exampleEvent(said: Said): string {
  const { verb, user = "alice", code = verb === "create" ? 201 : 200, stage = "ResponseComplete" } = said
  const at = `${said.at.includes("T") ? said.at : `${EXAMPLE_DAY}T${said.at}`}.000000Z`
  const { resource, subresource, namespace, name, group, version = "v1", request } = said
  const decision = code === 403 ? "forbid" : "allow"
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: request === undefined ? "Metadata" : "RequestResponse",
    auditID: auditId(at),
    stage,
    requestURI: said.uri ?? uriOf(said, version),
    verb,
    user: user === "" ? {} : { username: user, groups: groupsOf(user) },
    ...(said.as === undefined ? {} : { impersonatedUser: { username: said.as, groups: groupsOf(said.as) } }),
    sourceIPs: [said.ip ?? "10.0.0.7"],
    userAgent: "kubectl/v1.32.4 (linux/amd64) kubernetes/4cb5f07",
    ...(resource === undefined
      ? {}
      : { objectRef: { resource, namespace, name, apiGroup: group, apiVersion: version, subresource } }),
    ...(stage === "RequestReceived" ? {} : { responseStatus: statusOf(code, said.message) }),
    ...(request === undefined ? {} : { requestObject: request }),
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    ...(code === 401
      ? {}
      : {
          annotations: {
            "authorization.k8s.io/decision": decision,
            "authorization.k8s.io/reason": "",
            ...said.annotations,
          },
        }),
  })
}

/** Shaped like an UUID; each moment of an example has one. */
function auditId(at: string): string {
  const digits = at.replaceAll(/[^0-9]/g, "").slice(0, 14)
  return `${digits.slice(0, 8)}-0000-4000-8000-000000${digits.slice(8)}`
}

function groupsOf(user: string): readonly string[] {
  if (user === "system:anonymous") return ["system:unauthenticated"]
  const namespace = /^system:serviceaccount:([^:]+):/.exec(user)?.[1]
  if (namespace === undefined) return ["system:authenticated"]
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"]
}

function uriOf({ resource, subresource, namespace, name, group, query }: Said, version: string): string {
  if (resource === undefined) return "/version"
  const path = [
    ...(group === undefined ? ["api", version] : ["apis", group, version]),
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ].join("/")
  return `/${path}${query === undefined ? "" : `?${query}`}`
}

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  422: "Invalid",
}

function statusOf(code: number, message: string | undefined): object {
  if (code < 400) return { metadata: {}, code }
  const reason = REASONS[code]
  return { metadata: {}, status: "Failure", ...(message === undefined ? {} : { message }), reason, code }
}
