import { readFileSync } from "node:fs"

// Two folders up both from src/cli and from dist/cli.
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string
}

/** Of this package. */
export const VERSION: string = manifest.version
