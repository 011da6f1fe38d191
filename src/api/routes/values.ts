import type { FastifyReply, FastifyRequest } from "fastify"
import { printField, quote } from "../../query/quote.ts"
import { escapeRegexp } from "../../query/regexp.ts"
import type { Row } from "../../query/row.ts"
import { hitsField, type View } from "../../query/view.ts"
import { parseCountArgument, refused } from "../arguments.ts"
import { type AskDeps, answerOf, openQuestion, type Question, sendDocument } from "../ask.ts"
import type { QueryEndpoint } from "../endpoints.ts"
import { parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import {
  ListArguments,
  NamesArguments,
  type QueryArguments,
  Values,
  ValuesArguments,
} from "../select-schema.ts"
import { labelsOf } from "../stream-labels.ts"

type Counted = { readonly value: string; readonly hits: number }

/** One list of values: which pipes make it, and how rows become values. */
type List = {
  readonly endpoint: QueryEndpoint
  readonly summary: string
  readonly arguments: typeof QueryArguments
  readonly view: (given: URLSearchParams) => View
  readonly values: (rows: readonly Row[], given: URLSearchParams) => readonly Counted[]
}

const LISTS: readonly List[] = [
  {
    endpoint: "field_names",
    summary: "Names of the fields that rows of a query have",
    arguments: NamesArguments,
    view: () => ({ kind: "fieldNames" }),
    values: (rows) => rows.map((row) => ({ value: row.name ?? "", hits: Number(row.hits) })),
  },
  valuesList("field_values", "Values of a field in the rows of a query", ValuesArguments, fieldOf),
  valuesList("streams", "Streams that rows of a query belong to", ListArguments, () => "_stream"),
  valuesList("stream_ids", "Ids of those streams", ListArguments, () => "_stream_id"),
  {
    endpoint: "stream_field_names",
    summary: "Labels of those streams",
    arguments: NamesArguments,
    view: () => ({ kind: "pipes", pipes: "field_values _stream" }),
    values: (rows) => count(rows, (labels) => [...labels.keys()]),
  },
  {
    endpoint: "stream_field_values",
    summary: "Values of a label of those streams",
    arguments: ValuesArguments,
    view(given) {
      fieldOf(given)
      return { kind: "pipes", pipes: "field_values _stream" }
    },
    values: (rows, given) => count(rows, (labels) => labels.get(fieldOf(given)) ?? []),
  },
]

/** Lists that dashboards fill their menus from: `{"values":[{"value":"delete","hits":12}]}`, most hits first. */
export function valuesRoutes(deps: AskDeps): readonly Route[] {
  return LISTS.map((list) => ({
    url: `/select/logsql/${list.endpoint}`,
    methods: ["GET", "POST"],
    needs: ["read"],
    errors: "text",
    schema: {
      summary: list.summary,
      tags: ["query"],
      querystring: list.arguments,
      response: { 200: Values },
    },
    handle: (request, reply) => answer(deps, list, request, reply),
  }))
}

async function answer(
  deps: AskDeps,
  list: List,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const question = await openQuestion(deps, { request, reply }, list.endpoint, (given, bounds) => {
    limitOf(list, given)
    return parseQueryRequest(given, bounds, list.view(given))
  })
  const { rows, ending } = await answerOf(question)
  return sendDocument(reply, { values: chosen(list, rows, question) }, ending)
}

/** Those that contain `filter`, those with most hits first, at most `limit` of them. */
function chosen(list: List, rows: readonly Row[], { given }: Question): readonly Counted[] {
  const filter = given.get("filter") ?? ""
  const limit = limitOf(list, given)
  const found = list
    .values(rows, given)
    .filter(({ value }) => value.includes(filter))
    .sort(byHits)
  return limit === 0 ? found : found.slice(0, limit)
}

/** Names are few: `limit` is no argument of theirs, and ignored as in VictoriaLogs. */
function limitOf(list: List, given: URLSearchParams): number {
  return list.arguments === NamesArguments ? 0 : (parseCountArgument(given, "limit") ?? 0)
}

function byHits(a: Counted, b: Counted): number {
  return b.hits - a.hits || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)
}

function valuesList(
  endpoint: QueryEndpoint,
  summary: string,
  schema: typeof QueryArguments,
  field: (given: URLSearchParams) => string,
): List {
  return {
    endpoint,
    summary,
    arguments: schema,
    view(given) {
      const [own, hits] = [field(given), hitsField([field(given)])]
      const filter = given.get("filter") ?? ""
      const limit = parseCountArgument(given, "limit") ?? 0
      const name = printField(shownAs(own))
      const pipes = [
        `field_values ${printField(own)}`,
        ...(shownAs(own) === own ? [] : [`rename ${printField(own)} as ${name}`]),
        // Chosen and cut where they are counted: a field may have millions of values.
        ...(filter === "" ? [] : [`filter ${name}:~${quote(escapeRegexp(filter))}`]),
        ...(limit === 0 ? [] : [`sort by (${hits} desc, ${name}) limit ${limit}`]),
      ]
      return { kind: "pipes", pipes: pipes.join(" | ") }
    },
    values: (rows, given) => {
      const [name, hits] = [shownAs(field(given)), hitsField([field(given)])]
      return rows.map((row) => ({ value: row[name] ?? "", hits: Number(row[hits]) }))
    },
  }
}

/** Fields whose filters have a language of their own, in which "contains this text" cannot be said. */
const OWN_FILTERS = ["_time", "_stream", "_stream_id"]

function shownAs(field: string): string {
  return OWN_FILTERS.includes(field) ? "value" : field
}

function fieldOf(given: URLSearchParams): string {
  const field = given.get("field")
  if (!field) throw refused("field", field, "the name of a field")
  return field
}

/** Rows of `field_values _stream`, counted by something about their labels. */
function count(
  rows: readonly Row[],
  pick: (labels: ReadonlyMap<string, string>) => string | readonly string[],
): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const row of rows) {
    for (const value of [pick(labelsOf(row._stream ?? ""))].flat()) {
      counts.set(value, (counts.get(value) ?? 0) + Number(row.hits))
    }
  }
  return [...counts].map(([value, hits]) => ({ value, hits }))
}
