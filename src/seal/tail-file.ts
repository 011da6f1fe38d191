import { statSync } from "node:fs"
import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import { type DiskFile, isSyncError, replaceFile, writeWhole } from "../journal/disk.ts"
import { formatTail, formatTailBlock, type Tail, type TailBlock } from "./tail.ts"
import type { LogPlace } from "./tile-files.ts"

/** The file `log/tail`, held by the one sealer: it notices when somebody else changed it. */
export class TailFile {
  readonly #place: LogPlace
  #file: DiskFile | undefined
  #bytes = 0
  /** Of the file as it was left. */
  #print = ""
  /** What a rewrite that failed should have written: nobody knows which file is there now. */
  #wanted: Tail | undefined
  #usable = true

  constructor(place: LogPlace) {
    this.#place = place
  }

  /** False when it is not known what the file holds, and nothing can be done about it. */
  get usable(): boolean {
    return this.#usable
  }

  /** Decides a block: resolves when its line is durable. On failure the file is as before, or not {@link usable}. */
  async append(block: TailBlock): Promise<void> {
    if (this.#wanted !== undefined) await this.rewrite(this.#wanted)
    this.#check()
    const file = this.#file
    assert(file !== undefined, "log/tail is written once before it is appended to")
    const line = Buffer.from(formatTailBlock(block), "latin1")
    try {
      await writeWhole(file, line, this.#bytes)
      await file.sync()
    } catch (error) {
      await this.#cutBack(file, error)
      throw error
    }
    this.#bytes += line.length
    this.#print = this.#printNow()
  }

  async #cutBack(file: DiskFile, cause: unknown): Promise<void> {
    try {
      if (isSyncError(cause)) throw cause
      await file.cut(this.#bytes)
      await file.sync()
      this.#print = this.#printNow()
    } catch {
      this.#usable = false
    }
  }

  /** Replaces the file by one that holds `tail`; durable when it resolves. */
  async rewrite(tail: Tail): Promise<void> {
    if (this.#file !== undefined && this.#wanted === undefined) this.#check()
    this.#wanted = tail
    const { disk, log, tmp } = this.#place
    const bytes = Buffer.from(formatTail(tail), "latin1")
    const path = join(log, "tail")
    await replaceFile(disk, { path, temporary: join(tmp, "tail"), folder: log }, bytes)
    const file = await disk.create(path)
    await this.#file?.close()
    this.#file = file
    this.#bytes = bytes.length
    this.#wanted = undefined
    this.#print = this.#printNow()
  }

  #check(): void {
    const print = this.#printNow()
    if (print === this.#print) return
    throw new Refusal(
      "ledger.touched",
      `log/tail is not as this process left it (${print}, left ${this.#print})`,
    )
  }

  #printNow(): string {
    const stat = statSync(join(this.#place.log, "tail"), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? "gone" : `file ${stat.ino}, ${stat.size} bytes, changed ${stat.mtimeNs}`
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}
