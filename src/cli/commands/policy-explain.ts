import { Refusal } from "../../base/refusal.ts"
import { type Explanation, explain } from "../../policy/explain.ts"
import type { Attributes } from "../../policy/policy.ts"
import { attributesOf } from "../../policy/request-info.ts"
import { formatRequest, parseResource, requestOf } from "../../policy/request-text.ts"
import { type Command, EXIT, type Options } from "../command.ts"
import { isOfEvent, requestOfEvent } from "../policy-event.ts"
import { KUBERNETES_FLAG, POLICY_ARGUMENT, readPolicyOf } from "../policy-file.ts"
import { REMOTE_FLAGS } from "../remote.ts"
import { escapeText, jsonLine } from "../terminal.ts"

export const policyExplain: Command = {
  name: "policy explain",
  summary: "Say which rule decides a request, and why each earlier one does not.",
  arguments: [POLICY_ARGUMENT],
  options: [
    { flags: "--as <user>", description: "who asks (default: nobody, as after a failed authentication)" },
    {
      flags: "--group <group...>",
      description: "groups of the user; authenticated users are in system:authenticated too",
    },
    {
      flags: "--verb <verb>",
      description: "get, list, watch, create, update, patch, delete, deletecollection",
    },
    {
      flags: "--resource <resource>",
      description: "pods, pods/exec, deployments.apps, deployments.apps/scale",
    },
    { flags: "--namespace <namespace>", description: "of the object (default: none)" },
    { flags: "--name <name>", description: "of the object (default: none)" },
    {
      flags: "--event <file>",
      description: "the request of a recorded event, a file with one as JSON; - is standard input",
    },
    {
      flags: "--audit-id <id>",
      description: "the request of an event with this auditID, of a ledger or server",
    },
    { flags: "--record <n>", description: "the request of the event in this record, of a ledger or server" },
    { flags: "--dir <dir>", description: "the ledger's directory, for --audit-id and --record" },
    { flags: "--server <url>", description: "a running server, for --audit-id and --record" },
    ...REMOTE_FLAGS,
    { flags: "--method <method>", description: "HTTP method, with --url (default: GET)" },
    { flags: "--url <url>", description: "path and query as sent, instead of --verb and --resource" },
    KUBERNETES_FLAG,
  ],
  examples: [
    "tallystick policy explain audit-policy.yaml --as alice --verb get --resource pods/exec --namespace prod --name web",
    "tallystick policy explain audit-policy.yaml --record 4711 --dir ./data",
    "tallystick policy explain audit-policy.yaml --as system:anonymous --url '/api/v1/secrets?watch=1'",
  ],
  async run([file = ""], options, world) {
    const request = isOfEvent(options) ? await requestOfEvent(options, world) : requestFrom(options)
    const { policy, yaml } = await readPolicyOf(file, options, world)
    const explanation = explain(policy, request)
    const lineOf = (rule: number) => yaml.placeOf(["rules", rule]).line
    if (options.json === true) world.stdout.write(jsonLine({ request, ...explanation }))
    else world.stdout.write(textOf(request, explanation, lineOf))
    return EXIT.fine
  },
}

function requestFrom(options: Options): Attributes {
  const { as: user, group = [], url, method, verb, resource } = options
  const one = (key: string): string => {
    const value = options[key]
    return typeof value === "string" ? value : ""
  }
  const who = typeof user === "string" ? { user, groups: groupsOf(user, group) } : {}
  if (typeof url === "string") {
    if (verb !== undefined || resource !== undefined) {
      throw new Refusal("usage", "--url goes without --verb and --resource; its HTTP method is --method")
    }
    return { ...attributesOf(typeof method === "string" ? method.toUpperCase() : "GET", pathOf(url)), ...who }
  }
  if (typeof resource !== "string" || typeof verb !== "string") {
    throw new Refusal("usage", "give --verb and --resource, or --url")
  }
  const object = { verb, namespace: one("namespace"), name: one("name") }
  return { ...requestOf({ ...parseResource(resource), ...object }), ...who }
}

/** A whole URL is fine too: what counts starts at its path. */
function pathOf(url: string): string {
  const path = /^https?:\/\/[^/?#]*(.*)$/.exec(url)?.[1] ?? url
  if (!path.startsWith("/"))
    throw new Refusal("usage", `expected --url like /api/v1/pods, saw ${JSON.stringify(url)}`)
  return path
}

/** What the server adds to whom it authenticated. */
function groupsOf(user: string, group: Options[string]): readonly string[] {
  const given = Array.isArray(group) ? group : []
  const added = user === "system:anonymous" ? "system:unauthenticated" : "system:authenticated"
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? []
  const account =
    namespace === undefined ? [] : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
  const node = user.startsWith("system:node:") ? ["system:nodes"] : []
  return [...new Set([...given, ...account, ...node, added])]
}

function textOf(
  request: Attributes,
  { decision, stages, passed }: Explanation,
  lineOf: (rule: number) => number,
) {
  const { level, rule, omitManagedFields } = decision
  const decided =
    rule === undefined
      ? "no rule matches: level None"
      : `rule ${rule + 1} (line ${lineOf(rule)}) decides: level ${level}`
  const lines = [
    formatRequest(request),
    ...(request.groups === undefined || request.groups.length === 0
      ? []
      : [`  groups: ${request.groups.join(", ")}`]),
    ...passed.map(
      (item) => `  rule ${item.rule + 1} (line ${lineOf(item.rule)}) does not match: ${item.why}`,
    ),
    `  ${decided}`,
    level === "None"
      ? "  nothing is recorded"
      : `  stages: ${stages.join(", ") || "none: nothing is recorded"}`,
    ...(omitManagedFields && /^Request/.test(level) ? ["  without managedFields"] : []),
  ]
  return lines.map((line) => `${escapeText(line)}\n`).join("")
}
