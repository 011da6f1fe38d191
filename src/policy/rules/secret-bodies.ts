import { atMetadata } from "../at-metadata.ts"
import { type LintRule, ruleNumber } from "../finding.ts"
import type { Level } from "../policy.ts"
import { decidersOf } from "../reach.ts"
import { type Box, only, RESOURCES } from "../request-set.ts"

export const secretBodies: LintRule = {
  name: "secret-bodies",
  severity: "error",
  summary: "Credentials recorded: bodies of Secrets, TokenReviews or service account tokens.",
  why: "everybody who can read the log, its copies and its backups can read the credentials; none of it can be taken back",
  firing: '- level: RequestResponse\n  resources: [{group: ""}]',
  silent:
    '- level: Metadata\n  resources: [{group: "", resources: [secrets, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]\n- level: RequestResponse\n  resources: [{group: ""}]',
  *check({ policy }) {
    const told = new Set<number>()
    for (const { what, group, resource, subresource, verbs, levels } of CREDENTIALS) {
      const box: Box = {
        ...RESOURCES,
        ...{ apiGroup: only(group), resource: only(resource), subresource: only(subresource), verb: verbs },
      }
      for (const { rule: index, witness } of decidersOf(policy, box, ({ level }) => levels.includes(level))) {
        const rule = index === undefined ? undefined : policy.rules[index]
        if (index === undefined || rule === undefined || !levels.includes(rule.level)) continue
        const key = index * CREDENTIALS.length + CREDENTIALS.findIndex((known) => known.what === what)
        if (told.has(key)) continue
        told.add(key)
        yield {
          path: ["rules", index, "level"],
          message: `${ruleNumber(index)} records ${what} at level ${rule.level}`,
          ...atMetadata(rule, {
            index,
            group,
            text: subresource === "" ? resource : `${resource}/${subresource}`,
          }),
          witness,
        }
      }
    }
  },
}

const REQUESTS: readonly Level[] = ["Request", "RequestResponse"]
const RESPONSES: readonly Level[] = ["RequestResponse"]

/** Where credentials travel. At level Request the body that is sent, at RequestResponse also the answer. */
const CREDENTIALS = [
  {
    ...{ what: "what is written into Secrets", group: "", resource: "secrets", subresource: "" },
    ...{ verbs: only("create", "update", "patch"), levels: REQUESTS },
  },
  {
    ...{ what: "the contents of Secrets in answers", group: "", resource: "secrets", subresource: "" },
    ...{ verbs: only("get", "list", "deletecollection"), levels: RESPONSES },
  },
  {
    ...{
      what: "the tokens that TokenReviews hold",
      group: "authentication.k8s.io",
      resource: "tokenreviews",
    },
    ...{ subresource: "", verbs: only("create"), levels: REQUESTS },
  },
  {
    ...{ what: "the service account tokens it hands out", group: "", resource: "serviceaccounts" },
    ...{ subresource: "token", verbs: only("create"), levels: RESPONSES },
  },
] as const
