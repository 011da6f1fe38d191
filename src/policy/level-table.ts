import { compilePolicy } from "./decide.ts"
import type { Attributes, Level, Policy } from "./policy.ts"
import { PROTECTED } from "./protected.ts"
import { formatResource, parseResource, requestOf } from "./request-text.ts"

/** Who asks, one example for each kind of actor. Groups are those the server gives them. */
export const ACTORS: readonly {
  readonly name: string
  readonly user: string
  readonly groups: readonly string[]
}[] = [
  { name: "human", user: "alice", groups: ["system:authenticated"] },
  {
    name: "workload",
    user: "system:serviceaccount:default:default",
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
  },
  { name: "node", user: "system:node:node-1", groups: ["system:nodes", "system:authenticated"] },
  { name: "control plane", user: "system:kube-controller-manager", groups: ["system:authenticated"] },
  { name: "anonymous", user: "system:anonymous", groups: ["system:unauthenticated"] },
]

/** Verbs that share a level in nearly every policy share a column. */
export const VERB_COLUMNS: readonly { readonly name: string; readonly verbs: readonly string[] }[] = [
  { name: "read", verbs: ["get", "list", "watch"] },
  { name: "write", verbs: ["create", "update", "patch"] },
  { name: "delete", verbs: ["delete", "deletecollection"] },
]

export type LevelRow = {
  readonly resource: string
  /** By actor, then by column: every level that the verbs of the column reach, from the verbs' order. */
  readonly levels: readonly (readonly (readonly Level[])[])[]
}

/** Resources to show: what matters most, and all that the policy itself names. Sorted by name, protected ones first. */
export function levelTable(policy: Policy): readonly LevelRow[] {
  const decide = compilePolicy(policy)
  const levelOf = (request: Attributes) => decide(request).level
  return resourcesShown(policy).map((text) => {
    const resource = parseResource(text)
    return {
      resource: text,
      levels: ACTORS.map(({ user, groups }) =>
        VERB_COLUMNS.map(({ verbs }) => {
          const levels = verbs.map((verb) => {
            const name = verb === "list" || verb === "watch" || verb === "deletecollection" ? "" : "web"
            return levelOf({ ...requestOf({ ...resource, verb, namespace: "default", name }), user, groups })
          })
          return [...new Set(levels)]
        }),
      ),
    }
  })
}

function resourcesShown(policy: Policy): readonly string[] {
  const first = PROTECTED.flatMap(({ group, resources }) => resources.map((text) => formatOf(group, text)))
  const named = policy.rules
    .flatMap(({ resources }) => resources)
    .filter(({ group }) => group !== "*")
    .flatMap(({ group, resources }) =>
      resources.filter((text) => !text.includes("*")).map((text) => formatOf(group, text)),
    )
  return [...new Set([...first, ...named.sort()])].filter((text) => text !== "")
}

function formatOf(apiGroup: string, text: string): string {
  const [resource = "", subresource = ""] = text.split("/")
  return resource === "" || resource.includes(".") ? "" : formatResource({ resource, subresource, apiGroup })
}
