import type { IncomingMessage } from "node:http"
import { constants, type Http2ServerRequest } from "node:http2"
import type { FastifyRequest } from "fastify"

/** How to say 100 Continue to requests that wait for it; listener.ts puts them here. */
export const CONTINUE = new WeakMap<IncomingMessage, () => void>()

/** All that stands behind the first question mark; a second one is a sign like others (RFC 3986 §3.4). */
export function queryStringOf({ url }: Pick<FastifyRequest, "url">): string {
  const at = url.indexOf("?")
  return at < 0 ? "" : url.slice(at + 1)
}

/** Content-Length; the HTTP parser has made sure that it is digits. */
export function lengthOf({ headers }: FastifyRequest): number | undefined {
  const length = headers["content-length"]
  return length === undefined ? undefined : Number(length)
}

/** Content-Type as it was sent; "" where the sender gave none. Fastify does not see it: server.ts. */
export function contentTypeHeaderOf({ raw: { rawHeaders } }: FastifyRequest): string {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "content-type")
  return at < 0 ? "" : (rawHeaders[at + 1] ?? "")
}

/** {@link contentTypeHeaderOf} without its parameters, lower case. */
export function contentTypeOf(request: FastifyRequest): string {
  const [type = ""] = contentTypeHeaderOf(request).split(";", 1)
  return type.trim().toLowerCase()
}

/** Whether there is a body of which some is still to come. */
export function isUnread(raw: IncomingMessage): boolean {
  if (raw.complete || raw.readableEnded) return false
  const { "content-length": length, "transfer-encoding": encoding } = raw.headers
  return encoding !== undefined || Number(length ?? 0) > 0 || raw.httpVersionMajor === 2
}

/** What a stranger's body may still cost so that it hears the answer. */
const REST_BYTES_MAX = 4 * 1024 * 1024
const REST_MS_MAX = 5_000

/**
 * Reads what is left of a refused request's body, within limits, because a sender that is cut off while writing sees a
 * broken connection instead of the answer. What is over the limits is not read; server.ts closes the connection then.
 */
export async function finishBody(request: FastifyRequest, mayWait: boolean): Promise<void> {
  const { raw } = request
  if (!isUnread(raw)) return
  // It answers on a stream of its own, whatever is still being sent.
  if (raw.httpVersionMajor === 2) return closeAfterAnswer(raw)
  const waits = CONTINUE.has(raw)
  if (mayWait && !waits && (lengthOf(request) ?? 0) <= REST_BYTES_MAX) await drain(raw)
}

/**
 * HTTP/2: ends the stream of a request that is answered in the middle of its body (RFC 9113 §8.1: with NO_ERROR). Node
 * itself does so only where nothing of the body was read.
 */
function closeAfterAnswer(raw: FastifyRequest["raw"]): void {
  const { stream } = raw as unknown as Http2ServerRequest
  if (raw.readableFlowing !== null) stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR))
}

function drain(raw: IncomingMessage): Promise<void> {
  if (raw.readableEnded || raw.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let read = 0
    const end = () => {
      clearTimeout(timer)
      raw.off("data", onData).off("end", end).off("close", end).off("error", end)
      raw.on("error", () => undefined)
      resolve()
    }
    const onData = (chunk: Buffer) => {
      read += chunk.length
      if (read > REST_BYTES_MAX) end()
    }
    const timer = setTimeout(end, REST_MS_MAX)
    raw.on("data", onData).on("end", end).on("close", end).on("error", end)
    raw.resume()
  })
}

/** Whether a client of the query API would rather have a problem document than a line of text. */
export function prefersProblem(request: FastifyRequest): boolean {
  const { accept } = request.headers
  return (
    accept?.includes("application/problem+json") === true || accept?.includes("application/json") === true
  )
}

/** Parameters of the query string, or of a form; of one that is there twice the first counts. */
export function parametersOf(text: string): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    if (!Object.hasOwn(parameters, name)) parameters[name] = value
  }
  return parameters
}
