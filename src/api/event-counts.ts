import { ACTOR_KINDS, type ActorKind } from "../event/actor.ts"

/** What is counted of an event: from {@link EventCounts} comes `audit_events_total`. */
export type Countable = {
  readonly verb: string
  readonly resource: string
  /** responseStatus.code, 0 where absent. */
  readonly code: number
  readonly actor: ActorKind
}

export type EventLabels = {
  readonly verb: string
  readonly resource: string
  readonly code: string
  readonly actor_kind: string
}

export const NONE = "none"
export const OTHER = "__other__"

/** All verbs that kube-apiserver makes of methods (RequestInfo), and the two of authorization only. */
const VERBS = [
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy", "connect"],
  ...["post", "put", "head", "options", "impersonate", "approve"],
]

const VERB_NAMES = [NONE, OTHER, ...VERBS]

/** Resources of Kubernetes itself that clusters have. Others count by name once a request for them succeeded. */
const RESOURCES = [
  ...[
    "secrets",
    "configmaps",
    "serviceaccounts",
    "pods",
    "nodes",
    "namespaces",
    "services",
    "endpoints",
    "events",
  ],
  ...[
    "persistentvolumes",
    "persistentvolumeclaims",
    "resourcequotas",
    "limitranges",
    "replicationcontrollers",
  ],
  ...["deployments", "daemonsets", "statefulsets", "replicasets", "controllerrevisions", "jobs", "cronjobs"],
  ...[
    "roles",
    "rolebindings",
    "clusterroles",
    "clusterrolebindings",
    "leases",
    "endpointslices",
    "ingresses",
  ],
  ...[
    "ingressclasses",
    "networkpolicies",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "priorityclasses",
  ],
  ...[
    "storageclasses",
    "volumeattachments",
    "csidrivers",
    "csinodes",
    "csistoragecapacities",
    "runtimeclasses",
  ],
  ...["customresourcedefinitions", "apiservices", "certificatesigningrequests", "flowschemas"],
  ...["prioritylevelconfigurations", "mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  ...["validatingadmissionpolicies", "validatingadmissionpolicybindings", "tokenreviews", "tokenrequests"],
  ...[
    "subjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "localsubjectaccessreviews",
  ],
]
const RESOURCE = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/
/** Names that successes may add: custom resources. 512 in all is what the key below has room for. */
const LEARNED_MAX = 256
const RESOURCES_MAX = 512
const CODES_MAX = 1024

/**
 * Series that alerts ask about exist from the start: `increase()` over a brand-new series misses its first event, and
 * one read of a secret is the event that counts.
 */
const WATCHED = ["secrets", "roles", "rolebindings", "clusterroles", "clusterrolebindings"]

/**
 * Counts events by verb, resource, code and kind of actor with bounded memory, whatever clients name: labels come from
 * fixed sets, custom resources only from requests that succeeded (nobody without rights can make one up), and past
 * `seriesMax` combinations all go to `__other__`. One lookup by a small integer per event: about 0.1 µs.
 */
export class EventCounts {
  readonly #seriesMax: number
  readonly #verbs = indexOf(VERB_NAMES)
  readonly #resources = indexOf([NONE, OTHER, ...RESOURCES])
  readonly #actors = indexOf(ACTOR_KINDS)
  readonly #resourceNames = [NONE, OTHER, ...RESOURCES]
  readonly #counts = new Map<number, { count: number }>()
  readonly #learnedMax: number
  #dropped = 0

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax
    this.#learnedMax = Math.min(RESOURCES_MAX, this.#resourceNames.length + LEARNED_MAX)
    for (const resource of WATCHED) {
      for (const verb of VERBS.slice(0, 8)) {
        for (const actor of ["human", "serviceaccount"] as const) {
          for (const code of verb === "create" ? [201, 403] : [200, 403])
            this.#zero({ verb, resource, code, actor })
        }
      }
    }
  }

  add(event: Countable): void {
    const key = this.#keyOf(event)
    const known = this.#counts.get(key)
    if (known !== undefined) known.count++
    else if (this.#counts.size < this.#seriesMax) this.#counts.set(key, { count: 1 })
    else this.#dropped++
  }

  /** Events counted under `__other__` because their own series found no room. */
  get dropped(): number {
    return this.#dropped
  }

  get size(): number {
    return this.#counts.size + 1
  }

  *series(): Generator<{ readonly labels: EventLabels; readonly count: number }> {
    for (const [key, { count }] of this.#counts) yield { labels: this.#labelsOf(key), count }
    yield { labels: { verb: OTHER, resource: OTHER, code: OTHER, actor_kind: OTHER }, count: this.#dropped }
  }

  #zero(event: Countable): void {
    if (this.#counts.size < this.#seriesMax) this.#counts.set(this.#keyOf(event), { count: 0 })
  }

  #keyOf({ verb, resource, code, actor }: Countable): number {
    const v = this.#verbs.get(verb) ?? (verb === "" ? 0 : 1)
    const r = this.#resources.get(resource) ?? (resource === "" ? 0 : this.#learn(resource, code))
    const c = code === 0 || (code >= 100 && code <= 599 && Number.isInteger(code)) ? code : 1
    const a = this.#actors.get(actor) ?? 0
    return ((v * RESOURCES_MAX + r) * CODES_MAX + c) * 8 + a
  }

  #learn(resource: string, code: number): number {
    if (
      code < 200 ||
      code > 299 ||
      this.#resourceNames.length >= this.#learnedMax ||
      !RESOURCE.test(resource)
    )
      return 1
    // A copy: the name may be a slice that keeps a whole body alive.
    const name = Buffer.from(resource).toString()
    this.#resourceNames.push(name)
    this.#resources.set(name, this.#resourceNames.length - 1)
    return this.#resourceNames.length - 1
  }

  #labelsOf(key: number): EventLabels {
    const code = Math.floor(key / 8) % CODES_MAX
    const resource = Math.floor(key / 8 / CODES_MAX) % RESOURCES_MAX
    const verb = Math.floor(key / 8 / CODES_MAX / RESOURCES_MAX)
    return {
      verb: VERB_NAMES[verb] ?? OTHER,
      resource: this.#resourceNames[resource] ?? OTHER,
      code: code === 0 ? NONE : code === 1 ? OTHER : String(code),
      actor_kind: ACTOR_KINDS[key % 8] ?? OTHER,
    }
  }
}

function indexOf(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, index) => [name, index]))
}
