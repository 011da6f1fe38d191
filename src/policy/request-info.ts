import { nameSelected } from "./field-selector.ts"
import type { RequestInfo } from "./policy.ts"
import { parseQuery, percentDecoded, type Query } from "./query-string.ts"

/** Method and URL as they were sent → what policies and events call the request. */
export function attributesOf(method: string, url: string): RequestInfo {
  const target = url.replace(ORIGIN, "")
  const question = target.indexOf("?")
  const path = decodePath(question < 0 ? target : target.slice(0, question))
  const query = question < 0 ? [] : parseQuery(target.slice(question + 1))
  const parts = path.replace(/^\/+|\/+$/g, "").split("/")
  const [prefix] = parts
  const isResource = (prefix === "api" && parts.length >= 3) || (prefix === "apis" && parts.length >= 4)
  return isResource
    ? resourceInfo(method, path, parts, query)
    : { ...NOTHING, path, verb: method.toLowerCase() }
}

/** What stands before the path when a client sends the whole URL (RFC 9112 §3.2.2), or a person gives it. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:(?=\/)(?:\/\/[^/?]*)?/i

const NOTHING: RequestInfo = {
  isResourceRequest: false,
  path: "",
  verb: "",
  apiGroup: "",
  apiVersion: "",
  namespace: "",
  resource: "",
  subresource: "",
  name: "",
}

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
}

function resourceInfo(method: string, path: string, parts: readonly string[], query: Query): RequestInfo {
  const core = parts[0] === "api"
  const info = { ...NOTHING, isResourceRequest: true, path, verb: VERBS[method] ?? "" }
  const apiGroup = core ? "" : (parts[1] ?? "")
  const apiVersion = parts[core ? 1 : 2] ?? ""
  let rest = parts.slice(core ? 2 : 3)

  // /api/v1/watch/... and /api/v1/proxy/... name their verb; with nothing behind them the request is malformed
  // and upstream gives up here, leaving the rest empty.
  const [legacy = ""] = rest
  const isLegacy = legacy === "watch" || legacy === "proxy"
  if (isLegacy && rest.length < 2) return { ...info, verb: method.toLowerCase(), apiGroup, apiVersion }
  if (isLegacy) rest = rest.slice(1)

  const found = objectOf(rest)
  const object = legacy === "proxy" ? { ...found, subresource: "" } : found // all that follows is for the proxied
  const verb = verbOf(isLegacy ? legacy : info.verb, object.name, query)
  const selected = !isLegacy && (verb === "list" || verb === "watch") ? nameSelected(query) : ""
  return { ...info, apiGroup, apiVersion, ...object, verb, name: object.name || selected }
}

/** A namespace's own request has its name as namespace; only `status` and `finalize` are its subresources. */
function objectOf(
  rest: readonly string[],
): Pick<RequestInfo, "namespace" | "resource" | "name" | "subresource"> {
  const [first = "", second = "", third = ""] = rest
  if (first !== "namespaces") return { namespace: "", resource: first, name: second, subresource: third }
  const inside = rest.length > 2 && third !== "status" && third !== "finalize"
  if (!inside) return { namespace: second, resource: first, name: second, subresource: third }
  return { namespace: second, resource: third, name: rest[3] ?? "", subresource: rest[4] ?? "" }
}

function verbOf(verb: string, name: string, query: Query): string {
  if (name !== "") return verb
  if (verb === "delete") return "deletecollection"
  if (verb !== "get") return verb
  const watch = query.find(([key]) => key === "watch")?.[1].toLowerCase()
  return watch === undefined || watch === "false" || watch === "0" ? "list" : "watch"
}

/** The path as Go's net/url decodes it. What cannot be decoded (the server answers 400) stays as it is. */
function decodePath(path: string): string {
  return percentDecoded(path) ?? path
}

const LONG_RUNNING_VERBS = new Set(["watch", "proxy"])
const LONG_RUNNING_SUBRESOURCES = new Set(["attach", "exec", "proxy", "log", "portforward"])

/** Whether kube-apiserver gives the request a ResponseStarted event. */
export function isLongRunning(info: RequestInfo): boolean {
  if (!info.isResourceRequest) return info.path.startsWith("/debug/pprof/")
  return LONG_RUNNING_VERBS.has(info.verb) || LONG_RUNNING_SUBRESOURCES.has(info.subresource)
}
