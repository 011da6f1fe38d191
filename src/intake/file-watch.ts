import { type FSWatcher, watch } from "node:fs"

/**
 * Hints that something in a folder changed. Never more than hints: events are joined, dropped when a queue is full, and
 * absent on network file systems, so whoever uses them looks by itself from time to time.
 */
export class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #onHint: () => void

  constructor(onHint: () => void) {
    this.#onHint = onHint
  }

  /** Watches exactly these folders from now on. One that cannot be watched (missing, no inotify left) is left out. */
  set(folders: readonly string[]): void {
    for (const [folder, watcher] of this.#watchers) {
      if (!folders.includes(folder)) this.#drop(folder, watcher)
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#onHint())
        watcher.on("error", () => this.#drop(folder, watcher))
        this.#watchers.set(folder, watcher)
      } catch {
        // Polling finds what this would have told.
      }
    }
  }

  close(): void {
    for (const [folder, watcher] of this.#watchers) this.#drop(folder, watcher)
  }

  #drop(folder: string, watcher: FSWatcher): void {
    watcher.close()
    this.#watchers.delete(folder)
  }
}
