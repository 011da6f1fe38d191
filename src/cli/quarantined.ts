import { parseWords } from "../event/record.ts"
import type { Option, Options, World } from "./command.ts"
import { loadConfig } from "./config-load.ts"
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
}

export interface Quarantine {
  /** Newest first. */
  list(wanted: {
    readonly reason: string | undefined
    readonly limit: number
  }): Promise<readonly QuarantinedRow[]>
  /** Undefined where there is no such record, or it is not quarantined. */
  get(record: number): Promise<QuarantinedRow | undefined>
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
  return {
    async list({ reason, limit }) {
      const filter = reason === undefined ? "words:quarantined" : `words:quarantined words:"${reason}"`
      const rows: QuarantinedRow[] = []
      for await (const row of ask(`${filter} | sort by (record desc) | limit ${limit} | ${FIELDS}`)) {
        const read = parseRow(row)
        if (read !== undefined && (reason === undefined || read.reason === reason)) rows.push(read)
      }
      return rows
    },
    async get(record) {
      for await (const row of ask(`record:=${record} | limit 1 | ${FIELDS}`)) {
        const read = parseRow(row)
        if (read !== undefined) return read
      }
      return undefined
    },
  }
}

const FIELDS = "fields record, receivedAt, source, kind, words, raw, rawEncoding"

/** The filter finds words by their letters; whether a record is quarantined is read from its words themselves. */
export function parseRow(row: RemoteRow): QuarantinedRow | undefined {
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
  }
}
