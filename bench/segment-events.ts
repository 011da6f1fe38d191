import { type Random, seededRandom } from "../test/support/random.ts"

/**
 * Audit events as a cluster of some hundred nodes makes them, for measuring segments: many users, names and
 * clients, leases, pods, secrets, watches, refusals; some with request and response objects. Shapes are
 * those of events recorded from kube-apiserver 1.20 and 1.32. The same seed gives the same bytes.
 */
export type EventMaker = (at: number) => string

type Shape = { weight: number; make(draw: Draw): Parts }
type Parts = {
  level: "Metadata" | "Request" | "RequestResponse"
  verb: string
  uri: string
  user: object
  agent: string
  ip: string
  ref?: object
  code: number
  status?: object
  request?: object
  response?: object
  reason: string
}

const RESOURCES: readonly (readonly [resource: string, group: string, version: string])[] = [
  ["pods", "", "v1"],
  ["configmaps", "", "v1"],
  ["secrets", "", "v1"],
  ["services", "", "v1"],
  ["endpoints", "", "v1"],
  ["nodes", "", "v1"],
  ["events", "", "v1"],
  ["deployments", "apps", "v1"],
  ["replicasets", "apps", "v1"],
  ["statefulsets", "apps", "v1"],
  ["jobs", "batch", "v1"],
  ["ingresses", "networking.k8s.io", "v1"],
  ["endpointslices", "discovery.k8s.io", "v1"],
  ["rolebindings", "rbac.authorization.k8s.io", "v1"],
  ["certificates", "cert-manager.io", "v1"],
]
const TEAMS = [
  "payments",
  "search",
  "checkout",
  "identity",
  "ledger",
  "mail",
  "media",
  "risk",
  "billing",
  "web",
]
const APPS = ["api", "worker", "cron", "gateway", "cache", "frontend", "indexer", "exporter", "migrate"]
const AGENTS = [
  "kubelet/v1.32.4 (linux/amd64) kubernetes/59526cd",
  "kube-controller-manager/v1.32.4 (linux/amd64) kubernetes/59526cd/system:serviceaccount:kube-system:replicaset-controller",
  "kube-scheduler/v1.32.4 (linux/amd64) kubernetes/59526cd/leader-election",
  "kubectl/v1.31.1 (darwin/arm64) kubernetes/948afe5",
  "argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format",
  "Prometheus/2.53.1",
  "cert-manager-controller/v1.15.1 (linux/amd64) cert-manager/8c5f1f0",
  "Go-http-client/2.0",
]

type Draw = {
  random: Random
  below(n: number): number
  pick<T>(list: readonly T[]): T
  hex(length: number): string
  uuid(): string
  version(): string
}

function createDraw(random: Random): Draw {
  let version = 80_000_000
  const below = (n: number) => Math.floor(random() * n)
  const hex = (length: number) => {
    let text = ""
    while (text.length < length) text += below(0x10000).toString(16).padStart(4, "0")
    return text.slice(0, length)
  }
  return {
    random,
    below,
    hex,
    pick: (list) => list[Math.min(below(list.length), below(list.length + 3))] as (typeof list)[number],
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    version: () => {
      version += 1 + below(4)
      return String(version)
    },
  }
}

const SHAPES: readonly Shape[] = [
  { weight: 30, make: nodeLease },
  { weight: 14, make: podStatus },
  { weight: 30, make: serviceAccountRead },
  { weight: 6, make: secretRead },
  { weight: 8, make: createObject },
  { weight: 8, make: humanRead },
  { weight: 4, make: refused },
]
const WEIGHT = SHAPES.reduce((sum, shape) => sum + shape.weight, 0)

/** Made of `seed` alone; `at` is in microseconds. */
export function createEventMaker(seed: number): EventMaker {
  const draw = createDraw(seededRandom(seed))
  return (at) => {
    let left = draw.below(WEIGHT)
    const shape = SHAPES.find(({ weight }) => {
      left -= weight
      return left < 0
    }) as Shape
    return eventText(shape.make(draw), draw, at)
  }
}

function eventText(parts: Parts, draw: Draw, at: number): string {
  const time = (micros: number) =>
    `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, "0")}Z`
  const allowed = parts.code !== 403
  return JSON.stringify({
    level: parts.level,
    auditID: draw.uuid(),
    stage: "ResponseComplete",
    requestURI: parts.uri,
    verb: parts.verb,
    user: parts.user,
    sourceIPs: [parts.ip],
    userAgent: parts.agent,
    objectRef: parts.ref,
    responseStatus: parts.status ?? { metadata: {}, code: parts.code },
    requestObject: parts.request,
    responseObject: parts.response,
    requestReceivedTimestamp: time(at - 1500 - draw.below(60_000)),
    stageTimestamp: time(at),
    annotations: {
      "authorization.k8s.io/decision": allowed ? "allow" : "forbid",
      "authorization.k8s.io/reason": parts.reason,
    },
  })
}

const ipOf = (draw: Draw) => `10.${draw.below(4)}.${draw.below(200)}.${draw.below(250)}`

function serviceAccount(draw: Draw): { user: object; name: string; namespace: string } {
  const pod = draw.pick(PODS)
  const { namespace, name } = pod
  const user = {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: uidOf(`${namespace}/${name}`),
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra: {
      "authentication.kubernetes.io/credential-id": [`JTI=${pod.credential}`],
      "authentication.kubernetes.io/node-name": [pod.node],
      "authentication.kubernetes.io/pod-name": [pod.pod],
      "authentication.kubernetes.io/pod-uid": [pod.uid],
    },
  }
  return { user, name, namespace }
}

type Pod = { namespace: string; name: string; pod: string; uid: string; credential: string; node: string }

/** The pods that talk to the API server; each keeps its token for an hour, so its credential id recurs. */
const PODS: readonly Pod[] = makePods(2_000)

function makePods(count: number): Pod[] {
  const draw = createDraw(seededRandom(count))
  return Array.from({ length: count }, () => ({
    namespace: `${draw.pick(TEAMS)}-${draw.pick(["prod", "staging", "dev"])}`,
    name: `${draw.pick(APPS)}-${draw.pick(["sa", "runner", "operator"])}`,
    pod: podName(draw),
    uid: draw.uuid(),
    credential: draw.uuid(),
    node: `worker-${draw.below(300)}.eu-central-1.compute.internal`,
  }))
}

/** The same name has the same uid, as in a cluster. */
function uidOf(name: string): string {
  let hash = 7
  for (const character of name) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0
  const hex = seededRandom(hash)
  const part = (n: number) =>
    Math.floor(hex() * 16 ** n)
      .toString(16)
      .padStart(n, "0")
  return `${part(8)}-${part(4)}-4${part(3)}-b${part(3)}-${part(12)}`
}

function podName(draw: Draw): string {
  return `${draw.pick(TEAMS)}-${draw.pick(APPS)}-${draw.hex(9)}-${draw.hex(5)}`
}

function nodeLease(draw: Draw): Parts {
  const node = `worker-${draw.below(300)}.eu-central-1.compute.internal`
  const lease = (version: string | undefined) => ({
    kind: "Lease",
    apiVersion: "coordination.k8s.io/v1",
    metadata: {
      name: node,
      namespace: "kube-node-lease",
      uid: uidOf(node),
      resourceVersion: version,
      creationTimestamp: "2026-03-04T11:12:13Z",
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid: uidOf(`node/${node}`) }],
    },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: 40,
      renewTime: `2026-11-20T18:24:${10 + draw.below(49)}.${100_000 + draw.below(899_999)}Z`,
    },
  })
  const full = draw.below(3) === 0
  return {
    level: full ? "RequestResponse" : "Metadata",
    verb: "update",
    uri: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}?timeout=10s`,
    user: { username: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"] },
    agent: AGENTS[0] as string,
    ip: `10.0.${node.length}.${node.charCodeAt(7) % 250}`,
    ref: {
      resource: "leases",
      namespace: "kube-node-lease",
      name: node,
      uid: uidOf(node),
      apiGroup: "coordination.k8s.io",
      apiVersion: "v1",
      resourceVersion: draw.version(),
    },
    code: 200,
    ...(full ? { request: lease(draw.version()), response: lease(draw.version()) } : {}),
    reason: "",
  }
}

/** A kubelet says how a pod of its node does; each of 6,000 pods several times in its life. */
function podStatus(draw: Draw): Parts {
  const of = createDraw(seededRandom(draw.below(6_000)))
  const node = `worker-${of.below(300)}.eu-central-1.compute.internal`
  const namespace = `${of.pick(TEAMS)}-prod`
  const name = podName(of)
  const container = {
    containerID: `containerd://${of.hex(64)}`,
    image: `registry.example.com/${of.pick(TEAMS)}/${of.pick(APPS)}:v${of.below(9)}.${of.below(40)}.${of.below(9)}`,
    lastState: {},
    name: of.pick(APPS),
    ready: draw.below(5) > 0,
    restartCount: draw.below(4),
    started: true,
    state: { running: { startedAt: `2026-11-20T18:${10 + of.below(49)}:11Z` } },
  }
  const conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"].map((type) => ({
    type,
    status: draw.below(5) === 0 ? "False" : "True",
    lastProbeTime: null,
    lastTransitionTime: `2026-11-20T18:${10 + draw.below(49)}:${10 + draw.below(49)}Z`,
  }))
  return {
    level: "Request",
    verb: "patch",
    uri: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    user: { username: `system:node:${node}`, groups: ["system:nodes", "system:authenticated"] },
    agent: AGENTS[0] as string,
    ip: ipOf(of),
    ref: { resource: "pods", namespace, name, apiVersion: "v1", subresource: "status" },
    code: 200,
    request: {
      metadata: { uid: of.uuid() },
      status: { conditions, containerStatuses: [container], podIP: ipOf(of) },
    },
    reason: "",
  }
}

function serviceAccountRead(draw: Draw): Parts {
  const { user, namespace, name } = serviceAccount(draw)
  const [resource, apiGroup, apiVersion] = draw.pick(RESOURCES)
  const verb = draw.pick(["get", "list", "watch", "get"])
  const object = `${draw.pick(TEAMS)}-${draw.pick(APPS)}-${draw.pick(["config", "state", "leader", "tls"])}`
  const base = apiGroup === "" ? `/api/${apiVersion}` : `/apis/${apiGroup}/${apiVersion}`
  const path = verb === "get" ? `/${object}` : ""
  const query =
    verb === "watch"
      ? `?allowWatchBookmarks=true&resourceVersion=${draw.version()}&timeout=${5 + draw.below(5)}m${draw.below(60)}s&watch=true`
      : verb === "list"
        ? `?limit=500&resourceVersion=0&labelSelector=app.kubernetes.io%2Fname%3D${draw.pick(APPS)}`
        : ""
  return {
    level: "Metadata",
    verb,
    uri: `${base}/namespaces/${namespace}/${resource}${path}${query}`,
    user,
    agent: draw.pick(AGENTS),
    ip: ipOf(draw),
    ref: {
      resource,
      namespace,
      ...(verb === "get" ? { name: object } : {}),
      ...(apiGroup === "" ? {} : { apiGroup }),
      apiVersion,
    },
    code: draw.below(30) === 0 ? 404 : 200,
    reason: `RBAC: allowed by RoleBinding "${name}-binding/${namespace}" of Role "${name}-role" to ServiceAccount "${name}/${namespace}"`,
  }
}

function secretRead(draw: Draw): Parts {
  const read = serviceAccountRead(draw)
  const namespace = `${draw.pick(TEAMS)}-prod`
  const name = `${draw.pick(APPS)}-token-${draw.hex(5)}`
  return {
    ...read,
    verb: "get",
    uri: `/api/v1/namespaces/${namespace}/secrets/${name}`,
    ref: { resource: "secrets", namespace, name, apiVersion: "v1" },
  }
}

function createObject(draw: Draw): Parts {
  const { user, namespace } = serviceAccount(draw)
  const [resource, apiGroup, apiVersion] = draw.pick(RESOURCES)
  const name = podName(draw)
  const labels = {
    app: draw.pick(APPS),
    team: draw.pick(TEAMS),
    "app.kubernetes.io/managed-by": "Helm",
    "pod-template-hash": draw.hex(9),
  }
  const annotations = { "checksum/config": draw.hex(64) }
  const meta = (uid?: string) => ({
    name,
    namespace,
    ...(uid === undefined
      ? {}
      : { uid, resourceVersion: draw.version(), creationTimestamp: "2026-11-20T18:24:18Z" }),
    labels,
    annotations,
  })
  const spec = {
    replicas: draw.below(9),
    selector: { matchLabels: { app: draw.pick(APPS) } },
    template: {
      spec: {
        serviceAccountName: draw.pick(APPS),
        containers: [
          {
            name: draw.pick(APPS),
            image: `registry.example.com/${draw.pick(TEAMS)}/${draw.pick(APPS)}@sha256:${draw.hex(64)}`,
            env: [
              { name: "LOG_LEVEL", value: draw.pick(["info", "debug", "warn"]) },
              { name: "REGION", value: "eu-central-1" },
            ],
            resources: { requests: { cpu: `${draw.below(20) * 50}m`, memory: `${draw.below(16) * 64}Mi` } },
          },
        ],
      },
    },
  }
  return {
    level: "RequestResponse",
    verb: draw.pick(["create", "update", "patch"]),
    uri: `/apis/${apiGroup}/${apiVersion}/namespaces/${namespace}/${resource}?fieldManager=helm`,
    user,
    agent: draw.pick(AGENTS),
    ip: ipOf(draw),
    ref: { resource, namespace, name, apiGroup, apiVersion },
    code: 201,
    request: { kind: "Workload", apiVersion: `${apiGroup}/${apiVersion}`, metadata: meta(), spec },
    response: {
      kind: "Workload",
      apiVersion: `${apiGroup}/${apiVersion}`,
      metadata: meta(draw.uuid()),
      spec,
      status: {},
    },
    reason: `RBAC: allowed by ClusterRoleBinding "helm-deployer" of ClusterRole "admin" to ServiceAccount "deployer/${namespace}"`,
  }
}

function humanRead(draw: Draw): Parts {
  const person = `${draw.pick(["ana", "bo", "chen", "dora", "eli", "fatima", "goran", "hana"])}.${draw.pick(["kim", "lopez", "novak", "osei"])}`
  const read = serviceAccountRead(draw)
  return {
    ...read,
    user: {
      username: `oidc:${person}@example.com`,
      groups: [`oidc:team-${draw.pick(TEAMS)}`, "oidc:engineers", "system:authenticated"],
    },
    agent: AGENTS[3] as string,
    ip: `203.0.113.${draw.below(250)}`,
    reason: `RBAC: allowed by ClusterRoleBinding "oidc-view" of ClusterRole "view" to Group "oidc:engineers"`,
  }
}

function refused(draw: Draw): Parts {
  const read = serviceAccountRead(draw)
  const user = (read.user as { username: string }).username
  return {
    ...read,
    code: 403,
    status: {
      metadata: {},
      status: "Failure",
      message: `secrets is forbidden: User "${user}" cannot list resource "secrets" in API group "" in the namespace "${draw.pick(TEAMS)}-prod"`,
      reason: "Forbidden",
      details: { kind: "secrets" },
      code: 403,
    },
    reason: "",
  }
}
