import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"

/** DuckDB over a folder of its own, which is removed at the end. */
export type TestDuckdb = { readonly db: Duckdb; readonly dir: string; close(): Promise<void> }

export async function openTestDuckdb(memoryBytesMax = 256 * 1024 * 1024): Promise<TestDuckdb> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-duckdb-"))
  await mkdir(join(dir, "tmp"))
  const tempDir = join(dir, "tmp", "spill")
  const db = await openDuckdb({ memoryBytesMax, threads: 1, tempDir, tempBytesMax: 2 ** 30, folders: [dir] })
  return {
    db,
    dir,
    async close() {
      db.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
