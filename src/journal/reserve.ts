import { statSync } from "node:fs"
import { type Disk, writeWhole } from "./disk.ts"

/**
 * A file of zeros that keeps room on the disk. When the disk is full it is given up, so that what is journalled can still
 * be sealed and the log closed: a block needs 400 bytes in log/tail, and 100 KB of tiles every 256 blocks.
 */
export class Reserve {
  readonly #disk: Disk
  readonly #path: string
  readonly #bytes: number

  constructor(disk: Disk, path: string, bytes: number) {
    this.#disk = disk
    this.#path = path
    this.#bytes = bytes
  }

  get held(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= this.#bytes
  }

  /** Takes the room, unless it is taken. Throws what the disk says. */
  async hold(): Promise<void> {
    if (this.held) return
    const file = await this.#disk.create(this.#path)
    try {
      await writeWhole(file, new Uint8Array(this.#bytes), 0)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Gives the room up; false when there was none. */
  release(): boolean {
    const held = statSync(this.#path, { throwIfNoEntry: false }) !== undefined
    this.#disk.remove(this.#path)
    return held
  }
}
