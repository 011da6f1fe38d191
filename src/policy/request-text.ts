import { Refusal } from "../base/refusal.ts"
import type { Attributes } from "./policy.ts"

/** `pods`, `pods/exec`, `deployments.apps`, `deployments/scale.apps` or `deployments.apps/scale`. */
export type ResourceText = {
  readonly resource: string
  readonly subresource: string
  readonly apiGroup: string
}

/** Refuses `usage` for more than one slash or an empty name. The group is what follows the first dot. */
export function parseResource(text: string): ResourceText {
  const [first = "", second = "", ...more] = text.split("/")
  const [resource = "", group = ""] = splitOnce(first, ".")
  const [subresource = "", late = ""] = splitOnce(second, ".")
  if (resource === "" || more.length > 0 || (group !== "" && late !== "")) {
    throw new Refusal(
      "usage",
      `expected a resource like pods/exec or deployments.apps, saw ${JSON.stringify(text)}`,
    )
  }
  return { resource, subresource, apiGroup: group || late }
}

export function formatResource({ resource, subresource, apiGroup }: ResourceText): string {
  return `${resource}${apiGroup === "" ? "" : `.${apiGroup}`}${subresource === "" ? "" : `/${subresource}`}`
}

/** One line a person can read: `alice (devs): create pods/exec web in prod`. */
export function formatRequest(request: Attributes): string {
  const { user, groups = [], verb, name, namespace } = request
  const own = groups.filter((group) => group !== "system:authenticated")
  const who = user === undefined ? "nobody (401)" : `${user}${own.length === 0 ? "" : ` (${own.join(", ")})`}`
  if (!request.isResourceRequest) return `${who}: ${verb} ${request.path}`
  const where = namespace === "" ? "" : ` in ${namespace}`
  return `${who}: ${verb} ${formatResource(request)}${name === "" ? "" : ` ${name}`}${where}`
}

/** What a command line names: an object of the API, or a URL. */
export function requestOf(
  asked: ResourceText & { readonly verb: string; readonly namespace: string; readonly name: string },
): Omit<Attributes, "user" | "groups"> {
  const { apiGroup, resource, subresource, namespace, name } = asked
  const parts = [
    apiGroup === "" ? "/api/v1" : `/apis/${apiGroup}/v1`,
    ...(namespace === "" || resource === "namespaces" ? [] : ["namespaces", namespace]),
    ...[resource, name, subresource].filter((part) => part !== ""),
  ]
  return { ...asked, apiVersion: "v1", path: parts.join("/"), isResourceRequest: true }
}

function splitOnce(text: string, sign: string): readonly [string, string] {
  const at = text.indexOf(sign)
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)]
}
