import { Type } from "typebox"
import { QUARANTINE } from "../../event/quarantine.ts"
import type { BulkItem } from "../../intake/insert/elasticsearch.ts"
import type { Outcome } from "../../intake/insert/keeper.ts"
import { type InsertRoute, insertBody, tellOutcomes } from "../insert-request.ts"
import { InsertParameters } from "../insert-schema.ts"
import type { Route } from "../route.ts"

const BASE = "/insert/elasticsearch"
/** The version that clients are told: the oldest whose bulk requests all of them still send, and none is afraid of. */
const VERSION = "8.9.0"

/** The bulk API of Elasticsearch, and what its clients ask before they use it. */
export function elasticsearchRoutes(deps: InsertRoute): readonly Route[] {
  const bulk = {
    methods: ["POST", "PUT"],
    needs: ["write"],
    errors: "text",
    schema: {
      summary: "Takes create and index lines; status 201 of an item says that it is on disk",
      description:
        "A document that is no JSON object is kept, marked, and has status 400: it is not to be sent again.",
      tags: ["insert"],
      querystring: InsertParameters,
      consumes: ["application/x-ndjson", "application/json"],
      response: { 200: Type.Any() },
    },
    async handle(request, reply) {
      const began = performance.now()
      const { index = "" } = request.params as { index?: string }
      const { outcomes, items, args } = await insertBody(deps, request, { protocol: "elasticsearch" }, index)
      tellOutcomes(reply, outcomes, args)
      const took = Math.round(performance.now() - began)
      return answer(reply, bulkAnswer(took, items, outcomes))
    },
  } as const satisfies Omit<Route, "url">
  return [
    { url: `${BASE}/_bulk`, ...bulk },
    { url: `${BASE}/:index/_bulk`, ...bulk },
    ...HANDSHAKE.flatMap(handshakeRoutes),
  ]
}

function bulkAnswer(took: number, items: readonly BulkItem[], outcomes: readonly Outcome[]): object {
  const told = items.map(({ action, index, id }, at) => {
    const code = outcomes[at]?.quarantined
    const about = { _index: index, ...(id === undefined ? {} : { _id: id }) }
    if (code === undefined) return { [action]: { ...about, result: "created", status: 201 } }
    const error = {
      type: "document_parsing_exception",
      reason: `kept, marked quarantined: ${QUARANTINE[code]}`,
    }
    return { [action]: { ...about, status: 400, error } }
  })
  return { took, errors: outcomes.some(({ quarantined }) => quarantined !== undefined), items: told }
}

type Call = { readonly paths: readonly string[]; readonly methods: Route["methods"]; readonly says: object }

/**
 * What Fluent Bit, Vector, Filebeat and Logstash ask first. Templates, pipelines and life cycles are somebody else's
 * idea of an index: they are said to be there, or taken and forgotten.
 */
const HANDSHAKE: readonly Call[] = [
  {
    paths: ["", "/"],
    methods: ["GET", "HEAD"],
    says: {
      name: "tallystick",
      cluster_name: "tallystick",
      version: { number: VERSION, build_flavor: "default", lucene_version: "9.7.0" },
      tagline: "You Know, for Search",
    },
  },
  {
    paths: ["/_license", "/_xpack"],
    methods: ["GET", "HEAD"],
    says: { license: { status: "active", type: "basic", uid: "tallystick" } },
  },
  { paths: ["/_cluster/health"], methods: ["GET", "HEAD"], says: { status: "green", timed_out: false } },
  { paths: ["/_nodes", "/_nodes/*"], methods: ["GET", "HEAD"], says: { nodes: {} } },
  ...[
    "/_ilm/*",
    "/_index_template/*",
    "/_template/*",
    "/_component_template/*",
    "/_ingest/*",
    "/_data_stream/*",
  ].map(
    (path) => ({ paths: [path], methods: ["GET", "HEAD", "PUT"], says: { acknowledged: true } }) as const,
  ),
  { paths: ["/_logstash", "/logstash"], methods: ["GET", "HEAD"], says: {} },
]

function handshakeRoutes({ paths, methods, says }: Call): readonly Route[] {
  return paths.map((path) => ({
    url: `${BASE}${path}`,
    methods,
    needs: ["write"],
    errors: "text",
    schema: {
      summary: "What clients of Elasticsearch ask before they send",
      tags: ["insert"],
      response: { 200: Type.Any() },
    },
    handle: async (_request, reply) => answer(reply, says),
  }))
}

/** Clients since 7.14 send nothing to a server without this header. */
function answer(reply: Parameters<Route["handle"]>[1], says: object) {
  return reply
    .header("x-elastic-product", "Elasticsearch")
    .header("content-type", "application/json")
    .send(Buffer.from(JSON.stringify(says)))
}
