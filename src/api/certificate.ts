import { X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import type { Micros } from "../base/time.ts"
import { isLoopback } from "./exposure.ts"

/** The certificates of the configuration's `tls`, as they stand in their files: the server's comes first in its own. */
export type Certificates = {
  readonly certificate: readonly X509Certificate[]
  readonly clientCa: readonly X509Certificate[]
}

/** What clients will not take, or soon will not; `warning` where some may be refused, `bad` where all are. */
export type Flaw = {
  readonly kind: "expired" | "early" | "expiring" | "nameless" | "otherName"
  readonly state: "bad" | "warning"
  /** The option that names its file. */
  readonly option: "tls.certificate" | "tls.clientCa"
  readonly saw: string
  readonly fix: string
}

/** Time to renew it by hand. */
export const DAYS_LEFT_MIN = 14
const DAY_MS = 24 * 60 * 60 * 1000
/** Before each of them; of the headings that OpenSSL knows. */
const BEGIN = /^(?=-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----)/m
const RENEW = "renew it; a running server takes the new file by itself"

/**
 * Every certificate of a PEM file, in order. Throws where one of them cannot be read, with its place: of a file that is cut,
 * OpenSSL takes what is left as if nothing had been behind it.
 */
export function parseCertificates(pem: string, path: string): readonly X509Certificate[] {
  const pieces = pem.split(BEGIN).filter((piece) => BEGIN.test(piece))
  if (pieces.length === 0) throw new Error(`${path} holds no PEM certificate`)
  return pieces.map((piece, at) => {
    try {
      return new X509Certificate(piece)
    } catch (cause) {
      const which = pieces.length === 1 ? "" : `certificate ${at + 1} of ${pieces.length} in `
      throw new Error(`${which}${path} cannot be read: is the file cut off?`, { cause })
    }
  })
}

/** When the first of them expires, in seconds since 1970. */
export function expiryOf(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validToDate }) => validToDate.getTime())) / 1000
}

/** The same for each file that there is, by its name in the configuration's `tls`. */
export function expiriesOf(certificates: Certificates): ReadonlyMap<string, number> {
  const files = Object.entries(certificates).filter(([, each]) => each.length > 0)
  return new Map(files.map(([file, each]) => [file, expiryOf(each)]))
}

/** Everything that is wrong with the files of a configuration, as clients of a server that listens at `address` will see it. */
export function flawsOf(
  { certificate, clientCa }: Certificates,
  { address, now }: { readonly address: string; readonly now: Micros },
): readonly Flaw[] {
  const [own, ...chain] = certificate
  return [
    ...(own === undefined
      ? []
      : [...inTime(own, "the certificate", now), ...nameless(own), ...misnamed(own, address)]),
    ...chain.flatMap((each) => inTime(each, `${nameOf(each)} in the certificate's chain`, now)),
    ...clientCa.flatMap((each) => ofAuthority(each, clientCa.length, now)),
  ]
}

/** One that is out of date beside others refuses only whom it signed for. */
function ofAuthority(certificate: X509Certificate, count: number, now: Micros): readonly Flaw[] {
  const what = "the authority of client certificates"
  if (count === 1) return inTime(certificate, what, now, "tls.clientCa")
  const found = inTime(certificate, `${what} ${nameOf(certificate)}`, now, "tls.clientCa")
  return found.map((flaw) => ({ ...flaw, state: "warning", fix: `${flaw.fix}; or take it out of the file` }))
}

/** Whether it is valid now and stays so for {@link DAYS_LEFT_MIN} days. */
export function inTime(
  { validFromDate, validToDate }: X509Certificate,
  what: string,
  now: Micros,
  option: Flaw["option"] = "tls.certificate",
): readonly Flaw[] {
  const nowMs = now / 1000
  if (nowMs > validToDate.getTime()) {
    const saw = `${what} expired at ${validToDate.toISOString()}`
    return [{ kind: "expired", state: "bad", option, saw, fix: RENEW }]
  }
  if (nowMs < validFromDate.getTime()) {
    const saw = `${what} is valid only from ${validFromDate.toISOString()}`
    return [{ kind: "early", state: "bad", option, saw, fix: "compare the clock of this machine; or wait" }]
  }
  const days = Math.floor((validToDate.getTime() - nowMs) / DAY_MS)
  if (days >= DAYS_LEFT_MIN) return []
  const left = days === 1 ? "1 day" : `${days} days`
  return [{ kind: "expiring", state: "warning", option, saw: `${what} expires in ${left}`, fix: RENEW }]
}

/** API servers are written in Go, which looks at alternative names only. */
export function nameless(certificate: X509Certificate): readonly Flaw[] {
  if (certificate.subjectAltName !== undefined) return []
  const saw = "the certificate has no subject alternative name, which kube-apiserver insists on"
  const fix = "make one with a subjectAltName"
  return [{ kind: "nameless", state: "bad", option: "tls.certificate", saw, fix }]
}

function misnamed(certificate: X509Certificate, address: string): readonly Flaw[] {
  const names = certificate.subjectAltName
  if (names === undefined || mayBeReachedBy(certificate, address)) return []
  const saw = `the certificate is not for ${address} but for ${names}`
  const fix = "make one with that name, or let clients go by a name that stands in it"
  return [{ kind: "otherName", state: "warning", option: "tls.certificate", saw, fix }]
}

/**
 * An address for all interfaces is nobody's name; one machine goes by several names to itself; and a name of a certificate may
 * lead to any address.
 */
function mayBeReachedBy(certificate: X509Certificate, address: string): boolean {
  if (address === "0.0.0.0" || address === "::" || isFor(certificate, address)) return true
  if (isLoopback(address)) return ["localhost", "127.0.0.1", "::1"].some((name) => isFor(certificate, name))
  return isIP(address) !== 0 && /\bDNS:/.test(certificate.subjectAltName ?? "")
}

/** True where the certificate is for this host name or address; the zone of an address (`fe80::1%eth0`) is this machine's alone. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) === 0) return certificate.checkHost(host) !== undefined
  return certificate.checkIP(host.replace(/%.*$/, "")) !== undefined
}

function nameOf({ subject }: X509Certificate): string {
  return JSON.stringify(subject.replaceAll("\n", ", "))
}
