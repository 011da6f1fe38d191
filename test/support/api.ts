import assert from "node:assert/strict"
import {
  type ApiDeps,
  CredentialTable,
  createApi,
  createMetrics,
  type QueryMessage,
} from "../../src/api/index.ts"
import { Refusal } from "../../src/base/refusal.ts"
import type { NewRecord } from "../../src/event/record.ts"
import { DEFAULT_LIMITS, type IntakeLimits } from "../../src/intake/limits.ts"
import type { Deliver } from "../../src/intake/source.ts"
import type { Loss } from "../../src/intake/take-body.ts"

/** Keeps batches in memory, in order. Can be told to hold answers back, or to refuse as a full disk does. */
export class MemoryJournal {
  readonly records: NewRecord[] = []
  full = false
  #gate: Promise<void> | undefined
  #open: (() => void) | undefined
  #arrived: (() => void)[] = []

  readonly deliver: Deliver = async (batch) => {
    for (const tell of this.#arrived.splice(0)) tell()
    await this.#gate
    if (this.full) throw new Refusal("journal.unavailable", "the disk of /var/lib/secret-path is full")
    const first = this.records.length
    // Copied: what a sender's buffer becomes later is not what was delivered.
    for (const record of batch) this.records.push({ ...record, body: Uint8Array.from(record.body) })
    return { first, count: batch.length }
  }

  /** From now on nothing becomes durable until the returned function is called. */
  hold(): () => void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
    return () => {
      this.#gate = undefined
      this.#open?.()
    }
  }

  /** Resolves when the next batch has been handed over (and may be held back). */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#arrived.push(resolve))
  }

  texts(): string[] {
    return this.records.map(({ body }) => Buffer.from(body).toString())
  }
}

export type TestApi = Awaited<ReturnType<typeof startApi>>

/** The real HTTP side over a journal in memory. Not listening yet. */
export async function startApi(changes: Partial<ApiDeps> & { readonly small?: Partial<IntakeLimits> } = {}) {
  const journal = new MemoryJournal()
  const losses: Loss[] = []
  const troubles: unknown[] = []
  const { small, ...rest } = changes
  const deps: ApiDeps = {
    listen: { address: "127.0.0.1", port: 0, insecure: false },
    tls: undefined,
    credentials: await CredentialTable.open([], refuseFiles),
    anonymousSource: "local",
    deliver: journal.deliver,
    redactor: undefined,
    onDismissed: async () => {},
    limits: { ...DEFAULT_LIMITS, ...small },
    search: searchOf([{ kind: "end", rows: 0 }]),
    searchLimits: { rowsMax: 1000, timeoutMs: 30_000 },
    log: { sealed: { checkpoint: "example.com/test\n0\nroot\n" }, readTile: async () => undefined },
    health: () => [{ part: "journal", state: "ok" }],
    metrics: createMetrics({ log: "example.com/test", seriesMax: 2000, sources: [], redactionRules: [] }),
    clock: () => 1_767_323_045_000_006,
    onLoss: (loss) => losses.push(loss),
    onImported: async () => undefined,
    onTrouble: (trouble) => troubles.push(trouble),
    ...rest,
  }
  const api = await createApi(deps)
  return { ...api, deps, journal, losses, troubles }
}

/** The same for as long as `act` runs. */
export async function withApi(
  changes: Parameters<typeof startApi>[0],
  act: (api: TestApi) => Promise<void>,
): Promise<void> {
  const api = await startApi(changes)
  try {
    await act(api)
  } finally {
    await api.close()
  }
}

export async function refuseFiles(path: string): Promise<string> {
  throw new Error(`no file ${path} in this test`)
}

/** A search that answers with the same messages whatever is asked. */
export function searchOf(messages: readonly (QueryMessage | Error)[]): ApiDeps["search"] {
  return {
    async *query() {
      for (const message of messages) {
        if (message instanceof Error) throw message
        yield message
      }
    },
    file: () => assert.fail("rows were to be asked for"),
  }
}

/** The value of one series in an OpenMetrics text. */
export function seriesOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}
