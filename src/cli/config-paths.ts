import { join } from "node:path"
import type { ConfigType } from "./config.ts"

/** The file of the log key: `key`, or the one beside the ledger's data that `init` makes. */
export function keyFileOf({ dir, key }: Pick<ConfigType, "dir" | "key">): string {
  return key ?? join(dir, "keys/log.key")
}

const ANY = new Set(["0.0.0.0", "::", ""])

/** Where a server with this configuration answers on its own machine. */
export function serverUrlOf({ listen, tls }: Pick<ConfigType, "listen" | "tls">): URL {
  const address = ANY.has(listen.address) ? "127.0.0.1" : listen.address
  const host = address.includes(":") ? `[${address}]` : address
  return new URL(`${tls === undefined ? "http" : "https"}://${host}:${listen.port}`)
}
