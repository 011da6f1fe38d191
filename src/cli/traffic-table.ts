import { LineCutter } from "../intake/file-lines.ts"
import { attributesOf } from "../policy/request-info.ts"

/**
 * Audit events that somebody reduced to a CSV table of 15 columns without a heading, as Logstash writes it: agent, time,
 * user, verb, resource, API group, name, subresource, URI, auditID, stage, response code, and three more. Published data
 * sets have this shape (hkerma/kubernetes-event-dataset). What policies look at is in it, but for the groups of users.
 */
const COLUMNS = { time: 1, user: 2, verb: 3, uri: 8, auditId: 9, stage: 10, code: 11 } as const
const COLUMN_COUNT = 15
const STAGE = /^(RequestReceived|ResponseStarted|ResponseComplete|Panic)$/

/** Whether content that begins so is such a table. */
export function isEventTable(start: Uint8Array): boolean {
  const end = start.indexOf(0x0a)
  if (end < 0 || start[0] === 0x7b || start[0] === 0x5b) return false
  const cells = cellsOf(Buffer.from(start.subarray(0, end)).toString("utf8"))
  return cells.length === COLUMN_COUNT && (cells[COLUMNS.uri] ?? "").startsWith("/")
}

/** Hands each row on as an event that says as much; returns how many there were. */
export async function eventsOfTable(
  content: AsyncIterable<Uint8Array>,
  take: (event: Uint8Array) => Promise<void> | undefined,
): Promise<number> {
  const cutter = new LineCutter(0)
  let rows = 0
  const takeAll = async (lines: readonly { readonly bytes: Uint8Array }[]): Promise<void> => {
    for (const { bytes } of lines) {
      const event = eventOf(cellsOf(Buffer.from(bytes).toString("utf8")))
      rows += event === undefined ? 0 : 1
      const wait = take(event ?? bytes)
      if (wait !== undefined) await wait
    }
  }
  for await (const chunk of content) await takeAll(cutter.push(chunk).lines)
  await takeAll(cutter.finish().lines)
  return rows
}

/** Undefined for a row of another shape, such as one that is cut off. */
function eventOf(cells: readonly string[]): Uint8Array | undefined {
  const cell = (name: keyof typeof COLUMNS): string => cells[COLUMNS[name]] ?? ""
  if (cells.length !== COLUMN_COUNT || !STAGE.test(cell("stage"))) return undefined
  const event = {
    ...{ auditID: cell("auditId"), stage: cell("stage"), requestURI: cell("uri"), verb: cell("verb") },
    ...objectOf(cell("verb"), cell("uri")),
    user: cell("user") === "" ? {} : { username: cell("user") },
    responseStatus: { metadata: {}, code: Number(cell("code")) || 0 },
    stageTimestamp: cell("time"),
  }
  return Buffer.from(JSON.stringify(event))
}

const METHODS: Readonly<Record<string, string>> = {
  ...{ create: "POST", update: "PUT", patch: "PATCH", delete: "DELETE", deletecollection: "DELETE" },
  ...{ get: "GET", list: "GET", watch: "GET" },
}

/** The object as the server names it; columns for it are left empty in many rows. */
function objectOf(verb: string, uri: string) {
  const { isResourceRequest, ...info } = attributesOf(METHODS[verb] ?? verb.toUpperCase(), uri)
  if (!isResourceRequest) return {}
  const { resource, subresource, namespace, name, apiGroup, apiVersion } = info
  return { objectRef: { resource, namespace, name, apiGroup, apiVersion, subresource } }
}

/** RFC 4180, one line: quotes around what holds commas, two quotes for one. */
function cellsOf(line: string): readonly string[] {
  const cells: string[] = []
  for (let at = 0; at <= line.length; ) {
    if (line[at] !== '"') {
      const comma = line.indexOf(",", at)
      const end = comma < 0 ? line.length : comma
      cells.push(line.slice(at, end).replace(/\r$/, ""))
      at = end + 1
      continue
    }
    let [end, text] = [at + 1, ""]
    for (; end < line.length; end++) {
      if (line[end] === '"' && line[end + 1] === '"') end++
      else if (line[end] === '"') break
      text += line[end]
    }
    cells.push(text)
    at = end + 2
  }
  return cells
}
