import { appendFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Refusal } from "../../src/base/refusal.ts"
import type { NewRecord, PlacedRecord } from "../../src/event/record.ts"
import type { FileLoss } from "../../src/intake/file-follower.ts"
import {
  type FileTail,
  type FileTailDeps,
  openFileTail,
  type TailedFile,
} from "../../src/intake/file-tail.ts"
import type { Deliver } from "../../src/intake/source.ts"

/** A folder of logs, a list for a ledger, a clock that stands still, and a tail that is driven step by step. */
export class Tailed {
  readonly folder: string
  readonly ledger: PlacedRecord[] = []
  readonly losses: FileLoss[] = []
  readonly troubles: Refusal[] = []
  nowMs = 1_800_000_000_000
  /** Deliveries to refuse before the next one is taken. */
  refuse = 0
  pauses = 0
  readonly #options: Partial<FileTailDeps>
  #tail: FileTail | undefined

  private constructor(folder: string, options: Partial<FileTailDeps>) {
    this.folder = folder
    this.#options = options
  }

  static async open(options: Partial<FileTailDeps> = {}): Promise<Tailed> {
    return new Tailed(await mkdtemp(join(tmpdir(), "tallystick-tail-")), options)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async write(name: string, text: string | Uint8Array): Promise<void> {
    await appendFile(this.path(name), text)
  }

  get deliver(): Deliver {
    return async (batch) => {
      if (this.refuse > 0) {
        this.refuse--
        throw new Refusal("journal.unavailable", "the disk is full")
      }
      return this.append(batch)
    }
  }

  append(batch: readonly NewRecord[]): { first: number; count: number } {
    const first = this.ledger.length
    for (const record of batch) {
      this.ledger.push({ ...record, number: this.ledger.length, n: this.ledger.length, receivedAt: 0 })
    }
    return { first, count: batch.length }
  }

  async tail(): Promise<FileTail> {
    const files: TailedFile[] = [{ path: this.path("audit.log"), source: "c/a", from: "start" }]
    const { ledger, losses, troubles } = this
    this.#tail ??= await openFileTail({
      files,
      positionsPath: this.path("state/positions.json"),
      redactor: undefined,
      clock: () => this.nowMs * 1000,
      pause: async () => void this.pauses++,
      onLoss: async (loss) => void losses.push(loss),
      onTrouble: (trouble) => void troubles.push(trouble),
      delivered: async function* (from) {
        yield ledger.slice(from)
      },
      ...this.#options,
    })
    return this.#tail
  }

  /** Steps until nothing is left to read. */
  async read(): Promise<void> {
    const tail = await this.tail()
    while (await tail.step(this.deliver, new AbortController().signal));
  }

  /** Reads, lets files fall silent, and reads what counts as cut off then. */
  async settle(): Promise<void> {
    await this.read()
    this.nowMs += 11_000
    await this.read()
    await this.read()
  }

  /** Ends the tail: with its positions saved, or as kill -9 would. */
  async restart(how: "stopped" | "killed"): Promise<void> {
    if (how === "stopped") await this.#tail?.close()
    else await this.#tail?.release()
    this.#tail = undefined
  }

  get bodies(): string[] {
    return this.ledger.map(({ body }) => Buffer.from(body).toString())
  }

  async remove(): Promise<void> {
    await this.#tail?.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A line as the log back end writes it, told apart by `id`. */
export function eventLine(id: string | number, padding = 0): string {
  return (
    `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"${id}","stage":"ResponseComplete",` +
    `"requestURI":"/api/v1/pods${"x".repeat(padding)}","verb":"list","user":{"username":"u"},` +
    `"requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:05.000007Z"}\n`
  )
}
