import { join } from "node:path"
import { type Disk, type DiskFile, isSyncError } from "./disk.ts"
import { GroupIndex, type JournalFile, journalName } from "./files.ts"

/** The file that groups go to, and those before it. */
export class GroupFile {
  readonly #place: { readonly dir: string; readonly disk: Disk; readonly fileBytes: number }
  readonly #committed: JournalFile[]
  #open: { readonly file: DiskFile; readonly name: string; bytes: number; folderSynced: boolean } | undefined
  #usable = true

  constructor(
    place: { readonly dir: string; readonly disk: Disk; readonly fileBytes: number },
    files: readonly JournalFile[],
  ) {
    this.#place = place
    this.#committed = [...files]
  }

  /** Files with at least one committed group, in the order of their records. */
  get committed(): readonly JournalFile[] {
    return this.#committed
  }

  /** Whether the next group is the first of a file. */
  get startsFile(): boolean {
    return this.#open === undefined || this.#open.bytes === 0 || this.#open.bytes >= this.#place.fileBytes
  }

  /** False after a failed sync: nobody knows what is on the disk. */
  get usable(): boolean {
    return this.#usable
  }

  /**
   * Resolves, with the seconds the sync took, when the group is durable. Otherwise throws what the disk said, after
   * cutting the file back to the last commit and syncing that; see {@link usable}.
   */
  async append(
    bytes: Uint8Array,
    group: { readonly first: number; readonly count: number },
  ): Promise<number> {
    const open = await this.#openFor(group.first)
    try {
      const stored = await open.file.write(bytes, open.bytes)
      if (stored < bytes.length) throw new Error(`only ${stored} of ${bytes.length} bytes were stored`)
      const began = performance.now()
      await open.file.sync()
      if (!open.folderSynced) await this.#place.disk.syncFolder(this.#place.dir)
      open.folderSynced = true
      this.#commit(open, bytes.length, group)
      return (performance.now() - began) / 1000
    } catch (error) {
      await this.#cutBack(open, error)
      throw error
    }
  }

  #commit(
    open: { readonly name: string; bytes: number },
    length: number,
    group: { readonly first: number; readonly count: number },
  ): void {
    if (open.bytes === 0) {
      const index = new GroupIndex()
      this.#committed.push({ name: open.name, first: group.first, next: group.first, bytes: 0, index })
    }
    const file = this.#committed.at(-1)
    file?.index.add(group.first, open.bytes)
    open.bytes += length
    if (file !== undefined) Object.assign(file, { bytes: open.bytes, next: group.first + group.count })
  }

  async #openFor(first: number) {
    if (this.#open !== undefined && this.#open.bytes < this.#place.fileBytes) return this.#open
    const name = journalName(first)
    const file = await this.#place.disk.create(join(this.#place.dir, name))
    await this.#open?.file.close()
    this.#open = { file, name, bytes: 0, folderSynced: false }
    // Left by an attempt that failed before anything was committed to it.
    if ((await file.size()) > 0) await file.cut(0)
    return this.#open
  }

  /** Whatever was stored of the group goes, durably, so that nothing half written is ever followed by a group. */
  async #cutBack(open: { readonly file: DiskFile; readonly bytes: number }, cause: unknown): Promise<void> {
    try {
      if (isSyncError(cause)) throw cause
      await open.file.cut(open.bytes)
      await open.file.sync()
    } catch {
      this.#usable = false
    }
  }

  /** Names of the files that hold only records below; they are forgotten here. The newest stays: it has the counts. */
  forget(below: number): string[] {
    let count = 0
    while (count < this.#committed.length - 1 && (this.#committed[count]?.next ?? 0) <= below) count++
    return this.#committed.splice(0, count).map(({ name }) => name)
  }

  async close(): Promise<void> {
    await this.#open?.file.close()
    this.#open = undefined
    this.#usable = false
  }
}
