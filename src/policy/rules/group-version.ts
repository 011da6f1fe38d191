import { type LintRule, rulesOf } from "../finding.ts"

export const groupVersion: LintRule = {
  name: "group-version",
  severity: "error",
  summary: "A group written with its version: `apps/v1` instead of `apps`.",
  why: "kube-apiserver does not start with a slash in a group, and as `v1` it would match nothing: versions are never looked at",
  firing: "- level: Metadata\n  resources: [{group: apps/v1, resources: [deployments]}]",
  silent: "- level: Metadata\n  resources: [{group: apps, resources: [deployments]}]",
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      for (const [index, { group }] of rule.resources.entries()) {
        if (!carriesVersion(group)) continue
        const bare = VERSION.test(group) ? "" : group.replace(/\/.*$/, "")
        yield {
          path: [...path, "resources", index, "group"],
          message: `group ${JSON.stringify(group)} holds a version`,
          fix: `group: ${JSON.stringify(bare)}`,
          edit: { kind: "set", path: [...path, "resources", index, "group"], value: bare },
        }
      }
    }
  },
}

const VERSION = /^v\d+((alpha|beta)\d+)?$/

export function carriesVersion(group: string): boolean {
  return VERSION.test(group.split("/").at(-1) ?? "")
}
