import { isClusterScoped } from "./catalogue.ts"
import type { Attributes } from "./policy.ts"
import { type Box, has, includesPattern, type Names, NO_USER } from "./request-set.ts"

/** What a person would try first, for each part of a request; a fresh word where all of these are taken. */
const USUAL = {
  user: ["alice", "system:serviceaccount:default:default", "bob"],
  verb: ["get", "create", "delete", "list", "update", "patch", "watch", "deletecollection"],
  urlVerb: ["get", "post", "head"],
  namespace: ["default", "kube-system", ""],
  apiGroup: ["", "apps", "batch", "example.com"],
  resource: ["pods", "services", "deployments", "widgets"],
  subresource: ["", "status", "exec", "scale"],
  name: ["web", "", "a"],
} as const

/** A request of the box that reads like one somebody sends. The box must not be empty. */
export function witnessOf(box: Box): Attributes {
  const user = pick(box.user, USUAL.user, "user")
  const identity = user === NO_USER ? {} : { user, groups: groupsOf(box) }
  if (box.kind === "url") {
    return {
      ...{ isResourceRequest: false, path: pathOf(box), verb: pick(box.verb, USUAL.urlVerb, "verb") },
      ...{ apiGroup: "", apiVersion: "", namespace: "", resource: "", subresource: "", name: "" },
      ...identity,
    }
  }
  const apiGroup = pick(box.apiGroup, USUAL.apiGroup, "group.example.com")
  const resource = pick(box.resource, USUAL.resource, "resource")
  const clustered = isClusterScoped(apiGroup, resource)
  const object = {
    ...{ apiGroup, apiVersion: "v1", resource },
    namespace: pick(box.namespace, clustered ? ["", ...USUAL.namespace] : USUAL.namespace, "namespace"),
    subresource: pick(box.subresource, USUAL.subresource, "subresource"),
  }
  const verb = pick(box.verb, USUAL.verb, "verb")
  const nameless = object.subresource === "" && /^(list|watch|create|deletecollection)$/.test(verb)
  const name = pick(box.name, nameless ? ["", ...USUAL.name] : USUAL.name, "name")
  const parts = [
    apiGroup === "" ? "/api/v1" : `/apis/${apiGroup}/v1`,
    ...(object.namespace === "" ? [] : ["namespaces", object.namespace]),
    ...[object.resource, name, object.subresource].filter((part) => part !== ""),
  ]
  return { isResourceRequest: true, path: parts.join("/"), verb, ...object, name, ...identity }
}

function pick(names: Names, usual: readonly string[], word: string): string {
  const familiar = usual.find((name) => has(names, name))
  if (familiar !== undefined) return familiar
  for (const name of names.kind === "only" ? names.names : fresh(word)) if (has(names, name)) return name
  return word
}

function* fresh(word: string): Generator<string> {
  yield word
  for (let count = 1; ; count++) yield `${word}-${count}`
}

function groupsOf({ groups: { some, none } }: Box): readonly string[] {
  const needed = some.map((set) => [...set].find((group) => !none.has(group)) ?? "")
  const usual = ["system:authenticated"].filter((group) => !none.has(group))
  return [...new Set([...needed, ...usual])]
}

function pathOf({ path: { pattern, without } }: Box): string {
  if (!pattern.endsWith("*")) return pattern
  const prefix = pattern.slice(0, -1)
  const free = (path: string) => !without.some((other) => includesPattern(other, path))
  const usual = ["", "healthz", "version", "metrics", "/", "/x"].map((end) => `${prefix}${end}`)
  const familiar = usual.find((path) => path !== "/" && free(path))
  if (familiar !== undefined) return familiar
  // Each pattern taken away goes on from the prefix with one letter at most; there are more letters than patterns.
  for (let letter = "a".codePointAt(0) ?? 0; ; letter++) {
    const path = `${prefix}${String.fromCodePoint(letter)}`
    if (free(path)) return path
  }
}
