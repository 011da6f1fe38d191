import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"

/** A folder of its own for a test, removed after it. */
export function temporaryFolder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-"))
  context.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }))
  return dir
}
