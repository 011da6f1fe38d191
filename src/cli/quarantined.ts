import { parseWords } from "../event/record.ts"
import { type Control, parseControl } from "../seal/control.ts"
import type { Option, Options, World } from "./command.ts"
import { loadConfig } from "./config-load.ts"
import { controlFilter } from "./control-query.ts"
import { queryLocal } from "./query-local.ts"
import { openRemote, queryRemote, REMOTE_FLAGS, type RemoteRow } from "./remote.ts"
import { escapeText } from "./terminal.ts"

/** A record that was kept without being understood. */
export type QuarantinedRow = {
  readonly record: number
  readonly receivedAt: string
  readonly source: string
  readonly kind: string
  /** Code of the table in event/quarantine.ts. */
  readonly reason: string
  /** The exact bytes kept. */
  readonly body: Buffer
  /** What a person did about it since; the record itself stays as it is. */
  readonly handled: Handled | undefined
}

export type Handled = "replayed" | "dismissed"

/** Name of the import that takes the bytes of a record in again; by it the record is known as handled. */
export function replayName(record: number): string {
  return `quarantine:${record}`
}

/** What the ledger tells of itself when somebody dismisses a record. */
export const DISMISSED = "quarantine.dismissed"

export interface Quarantine {
  /** Newest first; those that were replayed or dismissed only with `all`. */
  list(wanted: Wanted): Promise<readonly QuarantinedRow[]>
  /** Undefined where there is no such record, or it is not quarantined. */
  get(record: number): Promise<QuarantinedRow | undefined>
}

export type Wanted = {
  readonly reason: string | undefined
  readonly limit: number
  readonly all: boolean
}

export const QUARANTINE_FLAGS: readonly Option[] = [
  { flags: "--server <url>", description: "ask a running server instead of reading the ledger" },
  ...REMOTE_FLAGS,
]

/** Reads the ledger's directory, which a server may hold, or asks the server that `--server` names. */
export async function openQuarantine(options: Options, world: World): Promise<Quarantine> {
  if (typeof options.server === "string") {
    const remote = await openRemote(options.server, options, world)
    return quarantineOf(world, (query) => queryRemote(remote, query))
  }
  const { config } = await loadConfig(options, world)
  return quarantineOf(world, (query) => queryLocal(config.dir, query, world))
}

function quarantineOf(world: World, query: (text: string) => AsyncIterable<RemoteRow>): Quarantine {
  async function* ask(text: string): AsyncGenerator<RemoteRow, void> {
    for await (const row of query(text)) {
      if (row._partial === undefined) yield row
      else world.stderr.write(`tallystick: this answer is partial: ${escapeText(row._partial)}\n`)
    }
  }
  async function handled(): Promise<ReadonlyMap<number, Handled>> {
    const found = new Map<number, Handled>()
    for await (const { raw = "" } of ask(HANDLED_QUERY)) {
      const [record, how] = handledBy(parseControl(Buffer.from(raw)))
      if (record !== undefined) found.set(record, how)
    }
    return found
  }
  return {
    async list({ reason, limit, all }) {
      const filter = reason === undefined ? "words:quarantined" : `words:quarantined words:"${reason}"`
      const known = await handled()
      const rows: QuarantinedRow[] = []
      const most = all ? limit : limit + known.size
      for await (const row of ask(`${filter} | sort by (record desc) | limit ${most} | ${FIELDS}`)) {
        const read = parseRow(row, known)
        if (read === undefined || (reason !== undefined && read.reason !== reason)) continue
        if ((all || read.handled === undefined) && rows.length < limit) rows.push(read)
      }
      return rows
    },
    async get(record) {
      const known = await handled()
      for await (const row of ask(`record:=${record} | limit 1 | ${FIELDS}`)) {
        const read = parseRow(row, known)
        if (read !== undefined) return read
      }
      return undefined
    },
  }
}

const HANDLED_QUERY = `${controlFilter("import.done")} or ${controlFilter("did", DISMISSED)} | fields raw`

function handledBy({ kind, value }: Control): readonly [record: number | undefined, how: Handled] {
  if (kind === "import.done") return [numberIn(/^quarantine:(\d+)$/.exec(value.name)?.[1]), "replayed"]
  const dismissed = kind === "did" && value.what === DISMISSED ? value.facts : []
  return [numberIn(dismissed.find(([name]) => name === "record")?.[1]), "dismissed"]
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined || !Number.isSafeInteger(Number(text)) ? undefined : Number(text)
}

const FIELDS = "fields record, receivedAt, source, kind, words, raw, rawEncoding"

/** The filter finds words by their letters; whether a record is quarantined is read from its words themselves. */
export function parseRow(
  row: RemoteRow,
  handled: ReadonlyMap<number, Handled> = new Map(),
): QuarantinedRow | undefined {
  const words = parseWords((row.words ?? "").split(" ").filter((word) => word !== ""))
  const reason = words.find(([key]) => key === "quarantined")?.[1]
  const record = Number(row.record)
  if (reason === undefined || !Number.isSafeInteger(record)) return undefined
  const { receivedAt = "", source = "", kind = "", raw = "", rawEncoding = "text" } = row
  return {
    record,
    receivedAt,
    source,
    kind,
    reason,
    body: Buffer.from(raw, rawEncoding === "base64" ? "base64" : "utf8"),
    handled: handled.get(record),
  }
}
