/**
 * What taking lines from collectors costs, protocol by protocol: `ingest-http.ts` with other bodies.
 *
 *     node bench/insert.ts [--seconds 3] [--connections 4] [--events 1000]
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { FORMS } from "./insert-bodies.ts"

const SECONDS_MAX = 120

for (const form of FORMS) {
  console.log(`-- ${form}`)
  const script = join(import.meta.dirname, "ingest-http.ts")
  const args = [script, "--form", form, "--events", "1000", "--seconds", "3", ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", timeout: SECONDS_MAX * 1000 })
  if (status !== 0) process.exitCode = 1
}
