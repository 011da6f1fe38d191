import { AUTHORIZATION_VERBS, RESOURCE_VERBS, URL_VERBS } from "../catalogue.ts"
import { type LintRule, rulesOf } from "../finding.ts"

export const unknownVerb: LintRule = {
  name: "unknown-verb",
  severity: "error",
  summary: "A verb that no request of this kind has: `GET`, `post` for resources, `list` for URLs.",
  why: "verbs are compared letter by letter; resources have get, list, watch, create, update, patch, delete, deletecollection, proxy",
  firing: '- level: Metadata\n  verbs: [get, post]\n  resources: [{group: ""}]',
  silent:
    '- level: Metadata\n  verbs: [get, create]\n  resources: [{group: ""}]\n- level: None\n  verbs: [post]\n  nonResourceURLs: [/x]',
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      const resources = rule.resources.length > 0 || rule.namespaces.length > 0
      const urls = rule.nonResourceURLs.length > 0
      const known: readonly string[] = [...(urls ? [] : RESOURCE_VERBS), ...(resources ? [] : URL_VERBS)]
      for (const [index, verb] of rule.verbs.entries()) {
        if (known.includes(verb) || verb.includes("*") || AUTHORIZATION_VERBS.some((other) => other === verb))
          continue
        const meant = MEANT[verb.toLowerCase()] ?? verb.toLowerCase()
        yield {
          path: [...path, "verbs", index],
          message:
            `no request ${urls ? "for a URL" : resources ? "for a resource" : ""} has the verb ${JSON.stringify(verb)}`.replace(
              "  ",
              " ",
            ),
          ...(known.includes(meant)
            ? { fix: meant, edit: { kind: "set", path: [...path, "verbs", index], value: meant } }
            : {}),
        }
      }
    }
  },
}

const MEANT: Readonly<Record<string, string>> = {
  post: "create",
  put: "update",
  head: "get",
  read: "get",
  write: "update",
}
