import { BlockList, isIP } from "node:net"
import { Refusal } from "../base/refusal.ts"

export type Exposure = {
  /** Where it will listen: an address, or a name. */
  readonly address: string
  readonly insecure: boolean
  readonly tls: boolean
  readonly credentials: { readonly count: number; readonly hasSecrets: boolean }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4")
LOOPBACK.addAddress("::1", "ipv6")

/**
 * Refuses `listen.exposed` before anything listens: audit events say who does what, so beyond this machine there are
 * either credentials and TLS, or somebody wrote `insecure`.
 */
export function checkExposure({ address, insecure, tls, credentials }: Exposure): void {
  if (insecure || isLoopback(address)) return
  const where = JSON.stringify(address)
  if (credentials.count === 0) {
    throw new Refusal(
      "listen.exposed",
      `without credentials it listens on loopback only, not on ${where}. Three ways out: set credentials (and tls); ` +
        "or listen.address 127.0.0.1; or, where the network itself is the fence, listen.insecure true",
    )
  }
  if (!tls && credentials.hasSecrets) {
    throw new Refusal(
      "listen.exposed",
      `tokens and passwords would cross the network in the clear on ${where}. Three ways out: set tls; ` +
        "or listen.address 127.0.0.1; or, behind a proxy that ends TLS, listen.insecure true",
    )
  }
}

/** True for an address or a Host that cannot be reached from another machine. Names other than localhost are not trusted. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host
  if (bare.toLowerCase() === "localhost") return true
  const family = isIP(bare)
  return family !== 0 && LOOPBACK.check(bare, family === 4 ? "ipv4" : "ipv6")
}
