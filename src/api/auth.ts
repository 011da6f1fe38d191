import type { IncomingHttpHeaders } from "node:http"
import type { Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { Refusal } from "../base/refusal.ts"
import { type Credential, type CredentialTable, may, type Verb } from "./credentials.ts"
import { isLoopback } from "./exposure.ts"

/** Why somebody was not let in: label of a counter, so a fixed set. */
export const AUTH_REFUSALS = [
  "none", // no credential at all
  "certificate", // not signed by the client authority, expired, or none of its names is known
  "token",
  "password",
  "scheme", // an Authorization header of another kind
  "verb", // known, but may not do this
  "crossSite", // a browser sent it for a page of somebody else
  "busy",
] as const
export type AuthRefusal = (typeof AUTH_REFUSALS)[number]

/** What of a request says who sent it. */
export type Asking = {
  readonly headers: IncomingHttpHeaders
  readonly socket: Socket
  /** The same object for all requests of one connection. */
  readonly connection: object
}

export type AuthDeps = {
  readonly credentials: CredentialTable
  /** Source of posts to plain `/audit` while there are no credentials; a path replaces it. */
  readonly anonymousSource: string
  /** `listen.insecure`: reached from elsewhere on purpose, under any name. */
  readonly insecure: boolean
  readonly onRefused: (why: AuthRefusal) => void
}

const CREDENTIAL_LENGTH_MAX = 8192

/** Finds out who is asking and whether they may. Any one of `needed` is enough; none needed: anybody known. */
export type Authenticate = (asking: Asking, needed: readonly Verb[]) => Promise<Credential>

export function authenticator(deps: AuthDeps): Authenticate {
  const { credentials, anonymousSource, insecure, onRefused } = deps
  const anonymous: Credential = { name: "anonymous", source: anonymousSource, verbs: ["admin"] }
  const refuse = (why: AuthRefusal, refusal: Refusal): Refusal => {
    onRefused(why)
    return refusal
  }

  async function identify(asking: Asking): Promise<Credential> {
    const { authorization } = asking.headers
    if (authorization === undefined) return byCertificate(asking)
    if (authorization.length > CREDENTIAL_LENGTH_MAX) throw refuse("scheme", unknown("too long"))
    const [scheme = "", ...rest] = authorization.split(" ")
    const value = rest.join(" ").trim()
    if (scheme.toLowerCase() === "bearer") {
      const found = credentials.byToken(value)
      if (found === undefined) throw refuse("token", unknown("the bearer token is not a known one"))
      return found
    }
    if (scheme.toLowerCase() === "basic") return byBasic(value)
    throw refuse("scheme", unknown("expected the scheme Bearer or Basic"))
  }

  async function byBasic(value: string): Promise<Credential> {
    const text = Buffer.from(value, "base64").toString("utf8")
    const colon = text.indexOf(":")
    try {
      const found =
        colon < 0 ? undefined : await credentials.byPassword(text.slice(0, colon), text.slice(colon + 1))
      if (found !== undefined) return found
    } catch (error) {
      onRefused("busy")
      throw error
    }
    throw refuse("password", unknown("user and password are not known ones"))
  }

  function byCertificate(asking: Asking): Credential {
    const presented = certificateOf(asking)
    if (presented === undefined) {
      throw refuse("none", new Refusal("auth.required", "expected a credential, saw none"))
    }
    if (!presented.verified) {
      throw refuse(
        "certificate",
        unknown(`the client certificate was not verified: ${verifyFailure(presented.why)}`),
      )
    }
    const found = credentials.byNames(presented.names)
    if (found === undefined)
      throw refuse("certificate", unknown("no name of the client certificate is a known one"))
    return found
  }

  return async function authenticate(asking, needed) {
    if (credentials.count === 0) {
      const why = crossSite(asking.headers, insecure)
      if (why !== undefined) throw refuse("crossSite", new Refusal("auth.crossSite", why))
      return anonymous
    }
    const credential = await identify(asking)
    if (needed.length > 0 && !may(credential, ...needed)) {
      const message = `credential ${JSON.stringify(credential.name)} may not ${needed.join(" or ")}`
      throw refuse("verb", new Refusal("auth.forbidden", message, { needed }))
    }
    return credential
  }
}

/**
 * Without credentials the fence is "only programs of this machine", and a browser is one that acts for strangers: a page
 * may post to loopback (it says so in Origin), or have its own name resolve to 127.0.0.1 and read (it says so in Host).
 */
function crossSite(
  { origin, host, ":authority": authority }: IncomingHttpHeaders,
  insecure: boolean,
): string | undefined {
  const asked = String(authority ?? host ?? "")
  const name = asked.replace(/:\d*$/, "")
  if (!insecure && name !== "" && !isLoopback(name)) {
    return `expected a loopback address as Host, saw ${JSON.stringify(name.slice(0, 80))}`
  }
  if (origin !== undefined && origin.replace(/^https?:\/\//, "") !== asked) {
    return `a page of ${JSON.stringify(origin.slice(0, 80))} may not send requests here`
  }
  return undefined
}

type Presented =
  | { readonly verified: true; readonly names: readonly string[] }
  | { readonly verified: false; readonly why: string }

/** A connection keeps its certificate: looked at once. */
const SEEN = new WeakMap<object, Presented>()

function certificateOf({ socket, connection }: Asking): Presented | undefined {
  const seen = SEEN.get(connection)
  if (seen !== undefined) return seen
  // In HTTP/2 a proxy in front of the one socket; the prototype and what is asked here pass through it.
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const presented: Presented = socket.authorized
    ? { verified: true, names: namesOf(certificate.subject, certificate.subjectAltName) }
    : { verified: false, why: String(socket.authorizationError) }
  SEEN.set(connection, presented)
  return presented
}

/**
 * The common name and the alternative names of a certificate: `CN=a\nO=b` and `DNS:x, URI:y` as Node prints them.
 * A subject with two common names has none; alternative names that Node had to quote hold commas or worse and are none
 * either (CVE-2021-44532): nobody names a client like that honestly.
 */
export function namesOf(subject: string, alternatives: string | undefined): readonly string[] {
  const common = subject.split("\n").filter((line) => line.startsWith("CN="))
  const names = common.length === 1 && common[0] !== undefined ? [common[0].slice("CN=".length)] : []
  if (alternatives === undefined || alternatives.includes('"')) return names
  for (const alternative of alternatives.split(", "))
    names.push(alternative.slice(alternative.indexOf(":") + 1))
  return names
}

/** What codes of OpenSSL mean of a client's certificate. */
const VERIFY_FAILURES: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "no authority in tls.clientCa signed it",
  UNABLE_TO_GET_ISSUER_CERT: "no authority in tls.clientCa signed it",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "no authority in tls.clientCa signed it",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself, and not in tls.clientCa",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is not in tls.clientCa",
  CERT_HAS_EXPIRED: "it, or its authority, has expired",
  CERT_NOT_YET_VALID: "it is not valid yet: compare the clocks",
  INVALID_PURPOSE: "it is not for clients (extendedKeyUsage clientAuth)",
}

function verifyFailure(code: string): string {
  const said = Object.hasOwn(VERIFY_FAILURES, code) ? VERIFY_FAILURES[code] : undefined
  return said === undefined ? code : `${said} (${code})`
}

function unknown(why: string): Refusal {
  return new Refusal("auth.refused", why)
}
