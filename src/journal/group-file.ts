import { join } from "node:path"
import { Refusal } from "../base/refusal.ts"
import { type DiskFile, isSyncError, type Look, replaceFile } from "./disk.ts"
import { GroupIndex, type JournalFile, type JournalPlace, journalName } from "./files.ts"

type Open = {
  readonly file: DiskFile
  readonly name: string
  /** Which file the name stood for when it was opened. */
  readonly id: string | undefined
  bytes: number
  folderSynced: boolean
}

/** The file that groups go to, and those before it. */
export class GroupFile {
  readonly #place: JournalPlace & { readonly fileBytes: number }
  readonly #committed: JournalFile[]
  #open: Open | undefined
  #usable = true

  constructor(place: JournalPlace & { readonly fileBytes: number }, files: readonly JournalFile[]) {
    this.#place = place
    this.#committed = [...files]
  }

  /** Files with at least one committed group, in the order of their records. */
  get committed(): readonly JournalFile[] {
    return this.#committed
  }

  /** Whether the next group is the first of a file. */
  get startsFile(): boolean {
    return this.#open === undefined || this.#open.bytes >= this.#place.fileBytes
  }

  /** False after a failed sync: nobody knows what is on the disk. */
  get usable(): boolean {
    return this.#usable
  }

  /**
   * Before each group, since a group in a file without a name would be acknowledged and gone: whether the open file is
   * still the one in the folder, as long as it was left. One that was removed or replaced is put back, durably, from what
   * is open here; after one that was cut or added to a new file begins, and also after one that a failed first group left
   * empty. Resolves with what happened; undefined: nothing.
   */
  async mend(): Promise<Refusal | undefined> {
    const open = this.#open
    if (open === undefined) return undefined
    if (open.bytes === 0) {
      await this.#leave(open)
      return undefined
    }
    const found = this.#place.disk.look(join(this.#place.dir, open.name))
    if (found?.file === open.id && found?.bytes === open.bytes) return undefined
    if (found?.file !== open.id) return await this.#putBack(open, found)
    await this.#leave(open)
    return touched(`${open.name} has ${found?.bytes} bytes, and this process left it with ${open.bytes}`)
  }

  async #leave(open: Open): Promise<void> {
    this.#open = undefined
    await open.file.close()
  }

  async #putBack(open: Open, other: Look | undefined): Promise<Refusal> {
    const { dir, tmp, damaged, disk } = this.#place
    const path = join(dir, open.name)
    const bytes = await open.file.read(open.bytes)
    if (other !== undefined) {
      await disk.makeFolder(damaged)
      await disk.rename(path, join(damaged, `${open.name}-replaced-${bytes.length}`))
      await disk.syncFolder(damaged)
    }
    await replaceFile(disk, { path, temporary: join(tmp, "back.journal"), folder: dir }, bytes)
    await this.#leave(open)
    // One that was cut before it was removed ends early; what comes goes to a file of its own.
    if (bytes.length === open.bytes)
      this.#open = { ...open, file: await disk.create(path), id: disk.look(path)?.file }
    const how = other === undefined ? "removed" : "replaced by another, which is in damaged/ now"
    return touched(`${open.name} was ${how}; what this process had written was put back`)
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

  async #openFor(first: number): Promise<Open> {
    if (this.#open !== undefined && this.#open.bytes < this.#place.fileBytes) return this.#open
    const { dir, disk } = this.#place
    const name = journalName(first)
    const file = await disk.create(join(dir, name))
    await this.#open?.file.close()
    this.#open = { file, name, id: disk.look(join(dir, name))?.file, bytes: 0, folderSynced: false }
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

function touched(what: string): Refusal {
  return new Refusal("journal.touched", what)
}
