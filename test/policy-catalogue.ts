/**
 * Prints `src/policy/catalogue-table.ts`: which resources and subresources each release of Kubernetes serves.
 * Usage: node test/policy-catalogue.ts DIR, where DIR/<minor>/swagger.json is `api/openapi-spec/swagger.json` of the Go module
 * k8s.io/kubernetes@v1.<minor>.0 (`go mod download` brings it), for every release to be told apart.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

type Resource = {
  readonly scopes: Set<"n" | "c">
  readonly subresources: Set<string>
  last: number
  first: number
}

const [dir = "."] = process.argv.slice(2)
const minors = readdirSync(dir)
  .filter((name) => /^\d+$/.test(name))
  .map(Number)
  .sort((a, b) => a - b)
const resources = new Map<string, Resource>()
for (const minor of minors) {
  const { paths } = JSON.parse(readFileSync(join(dir, String(minor), "swagger.json"), "utf8")) as {
    paths: Readonly<Record<string, unknown>>
  }
  for (const path of Object.keys(paths)) note(path, minor)
}
console.log(source())

function note(path: string, minor: number): void {
  const [, core, group = "", rest = ""] = /^\/(?:(api)\/v1|apis\/([^/]+)\/v[^/]+)\/(.+)$/.exec(path) ?? []
  if (rest === "" || rest.startsWith("watch/") || (core === undefined && group === "")) return
  const inside = /^namespaces\/\{namespace\}\/(.+)$/.exec(rest)?.[1]
  const [resource = "", name, subresource] = (inside ?? rest).split("/")
  if (resource.startsWith("{")) return
  const key = `${group} ${resource}`
  const known = resources.get(key) ?? {
    scopes: new Set(),
    subresources: new Set(),
    first: minor,
    last: minor,
  }
  known.last = minor
  if (inside !== undefined) known.scopes.add("n")
  else if (name !== undefined) known.scopes.add("c")
  if (subresource !== undefined && !subresource.startsWith("{")) known.subresources.add(subresource)
  resources.set(key, known)
}

function source(): string {
  const newest = minors.at(-1) ?? 0
  const rows = [...resources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { scopes, subresources, last }]) => {
      const [group = "", resource = ""] = key.split(" ")
      const removed = minors.find((minor) => minor > last)
      const cells = [group, resource, scopes.has("n") ? "n" : "c", [...subresources].sort().join(" ")]
      const text = cells.map((cell) => JSON.stringify(cell)).join(", ")
      return `  [${text}${removed === undefined ? "" : `, ${removed}`}],`
    })
  return [
    "/**",
    ` * Resources that Kubernetes 1.${minors[0]} to 1.${newest} serve: group, resource, n for namespaced or c for cluster-scoped,`,
    " * subresources, and the release that no longer has it. Source: api/openapi-spec/swagger.json of these releases",
    " * (github.com/kubernetes/kubernetes, Apache-2.0). Printed by test/policy-catalogue.ts; do not edit.",
    " */",
    "export const CATALOGUE: readonly CatalogueRow[] = [",
    ...rows,
    "]",
    "",
    "export type CatalogueRow = readonly [",
    "  group: string,",
    "  resource: string,",
    '  scope: "n" | "c",',
    "  subresources: string,",
    "  removedIn?: number,",
    "]",
  ].join("\n")
}
