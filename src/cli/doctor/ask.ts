import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { TLSSocket } from "node:tls"
import { reasonOf } from "../../base/said.ts"

/** What a server said, or why it said nothing. */
export type Answer =
  | {
      readonly kind: "answer"
      readonly status: number
      readonly body: string
      /** Its Date header. */
      readonly date: string | undefined
      /** DER of its certificate, over https. */
      readonly certificate: Uint8Array | undefined
      /** Why a client that knows no other authorities than those given would refuse that, as a code. */
      readonly distrusted: string | undefined
    }
  /** `reason` is the system's code: ECONNREFUSED, ENOTFOUND, ETIMEDOUT, EPROTO. */
  | { readonly kind: "silence"; readonly reason: string }

const TIMEOUT_MS = 5_000
const BODY_CHARS_MAX = 64 * 1024

/**
 * GETs one URL. Certificates are not judged here: whoever looks for what is wrong wants to see the wrong one.
 * Sends no credentials, so there is nothing to steal.
 */
export function ask(url: URL, ca?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp
    const silence = (reason: string) => resolve({ kind: "silence", reason })
    const asked = request(
      url,
      { rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        let body = ""
        response.setEncoding("utf8")
        response.on("data", (piece: string) => {
          body = (body + piece).slice(0, BODY_CHARS_MAX)
        })
        response.on("error", (error) => silence(reasonOf(error)))
        const { socket } = response
        const isTls = socket instanceof TLSSocket
        const certificate = isTls ? socket.getPeerCertificate().raw : undefined
        const distrusted = isTls && !socket.authorized ? String(socket.authorizationError) : undefined
        response.on("end", () => {
          const { statusCode: status = 0, headers } = response
          resolve({ kind: "answer", status, body, date: headers.date, certificate, distrusted })
        })
      },
    )
    asked.on("timeout", () => asked.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })))
    asked.on("error", (error) => silence(reasonOf(error)))
    asked.end()
  })
}

/** The body as JSON where it is an object. */
export function jsonOf(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === "object" && value !== null ? { ...value } : undefined
  } catch {
    return undefined // whatever it is, it is not what we asked for
  }
}
