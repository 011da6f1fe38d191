import { READ_VERBS, WRITE_VERBS } from "./catalogue.ts"
import type { Attributes, Level } from "./policy.ts"
import { ANY, type Box, only, RESOURCES, SIGNED_IN } from "./request-set.ts"

/** Requests whose record must exist: what a coverage list demands, one line of it. */
export type Protected = {
  /** "" is the core group, `*` any. */
  readonly group: string
  /** As policies write them: `pods`, `pods/exec`; `*` is any with all its subresources. */
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  /** At least this level. */
  readonly level: Level
  /** At most this one, where bodies would be secrets. */
  readonly levelMax?: Level
  readonly why: string
}

const ALL = [...READ_VERBS, ...WRITE_VERBS]
const WRITES = WRITE_VERBS
/** Streams are opened by POST (SPDY: create) or by GET (WebSocket: get). */
const STREAM = ["get", "create"]

/**
 * After CIS Kubernetes Benchmark 3.2.2 and what intruders use first. CIS also keeps the bodies of ConfigMaps and TokenReviews
 * out of the log; no record of them has to exist, so that is left to the lint rules `configmap-bodies` and `reviews`.
 */
export const PROTECTED: readonly Protected[] = [
  {
    ...{ group: "", resources: ["secrets"], verbs: ALL, level: "Metadata", levelMax: "Metadata" },
    why: "who read or changed which Secret; never its content",
  },
  {
    ...{ group: "", resources: ["serviceaccounts"], verbs: WRITES, level: "Metadata" },
    why: "identities that workloads get",
  },
  {
    ...{
      group: "",
      resources: ["serviceaccounts/token"],
      verbs: ["create"],
      level: "Metadata",
      levelMax: "Request",
    },
    why: "a token is a credential; the response holds it",
  },
  {
    group: "rbac.authorization.k8s.io",
    resources: ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
    ...{ verbs: WRITES, level: "Metadata" },
    why: "who may do what",
  },
  {
    group: "admissionregistration.k8s.io",
    resources: [
      ...["mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies"],
      ...[
        "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
      ],
    ],
    ...{ verbs: WRITES, level: "Metadata" },
    why: "what checks and changes every request",
  },
  {
    ...{ group: "batch", resources: ["jobs", "cronjobs"], verbs: WRITES, level: "Metadata" },
    why: "code that runs once and is gone",
  },
  {
    ...{ group: "", resources: ["pods"], verbs: WRITES, level: "Metadata" },
    why: "code that runs",
  },
  {
    group: "apps",
    resources: ["deployments", "daemonsets", "statefulsets", "replicasets"],
    ...{ verbs: WRITES, level: "Metadata" },
    why: "code that is kept running",
  },
  {
    group: "",
    resources: ["pods/exec", "pods/attach", "pods/portforward"],
    ...{ verbs: STREAM, level: "Metadata" },
    why: "a way into a running container, by POST and by GET (WebSocket)",
  },
  {
    ...{ group: "", resources: ["pods/ephemeralcontainers"], verbs: ["update", "patch"], level: "Metadata" },
    why: "a container put into a running pod",
  },
  {
    group: "",
    resources: ["pods/proxy", "services/proxy", "nodes/proxy"],
    ...{ verbs: ["get", "create", "update", "patch", "delete"], level: "Metadata" },
    why: "requests through the API server; nodes/proxy reaches every container of a node",
  },
  {
    ...{ group: "networking.k8s.io", resources: ["networkpolicies"], verbs: WRITES, level: "Metadata" },
    why: "what may talk to what",
  },
  {
    group: "certificates.k8s.io",
    resources: ["certificatesigningrequests", "certificatesigningrequests/approval"],
    ...{ verbs: WRITES, level: "Metadata" },
    why: "certificates are credentials",
  },
  {
    ...{ group: "", resources: ["namespaces"], verbs: WRITES, level: "Metadata" },
    why: "a namespace takes all its objects with it",
  },
  {
    group: "gateway.networking.k8s.io",
    resources: ["gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes"],
    ...{ verbs: WRITES, level: "Metadata" },
    why: "what the world can reach",
  },
]

/** The requests each resource of the line stands for, by anybody who signed in or came as anonymous. */
export function boxesOfProtected({
  group,
  resources,
  verbs,
}: Pick<Protected, "group" | "resources" | "verbs">): readonly {
  readonly name: string
  readonly box: Box
}[] {
  return resources.map((text) => {
    const [resource = "", subresource = ""] = text.split("/")
    const name = protectedName(group, text)
    const object = {
      apiGroup: group === "*" ? ANY : only(group),
      resource: resource === "*" ? ANY : only(resource),
      subresource: text === "*" ? ANY : only(subresource),
    }
    return { name, box: { ...RESOURCES, ...object, user: SIGNED_IN, verb: only(...verbs) } }
  })
}

/** Whether the line is about the request. */
export function isProtected({ group, resources, verbs }: Protected, request: Attributes): boolean {
  const { apiGroup, resource, subresource, verb } = request
  const text = subresource === "" ? resource : `${resource}/${subresource}`
  return (
    request.isResourceRequest &&
    (group === "*" || group === apiGroup) &&
    (resources.includes("*") || resources.includes(text)) &&
    verbs.includes(verb)
  )
}

/** `pods/exec`, `jobs.batch`: one resource of a line. */
export function protectedName(group: string, text: string): string {
  const [resource = "", subresource = ""] = text.split("/")
  if (group === "" || group === "*") return text
  return `${resource}.${group}${subresource === "" ? "" : `/${subresource}`}`
}
