import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http"
import { createSecureServer } from "node:http2"
import type { Socket } from "node:net"
import { Refusal } from "../base/refusal.ts"
import type { IntakeLimits } from "../intake/limits.ts"
import type { Metrics, Unrequested } from "./metrics.ts"
import { PROBLEM_TYPE, problemOf } from "./problem.ts"
import { CONTINUE } from "./request.ts"
import type { TlsFiles } from "./tls.ts"

export type ListenerDeps = {
  readonly tls: TlsFiles | undefined
  readonly limits: IntakeLimits
  readonly metrics: Pick<Metrics, "connectionRefused" | "unrequested">
}

export type Listener = {
  readonly server: Server
  /** Ends every connection, whatever is under way on it. */
  readonly endAll: () => void
}

const HANDSHAKE_TIMEOUT_MS = 10_000
const HEAD_BYTES_MAX = 32 * 1024
/** HTTP/2: requests of one connection at a time. kube-apiserver has one per batch in flight. */
const STREAMS_MAX = 128
/** What a sender may have under way without an answer: enough for 100 MB/s at 40 ms round trip. */
const SESSION_WINDOW_BYTES = 4 * 1024 * 1024
const STREAM_WINDOW_BYTES = 1024 * 1024
/** Node's own books of one HTTP/2 connection, in MB; above the window, or it refuses what it invited. */
const SESSION_MEMORY_MB = 16

/**
 * HTTP/1.1, or with certificates HTTP/2 and HTTP/1.1 over TLS, with every limit on connections and waiting set. Works as
 * Fastify's `serverFactory`.
 */
export function createListener({ tls, limits, metrics }: ListenerDeps, handler: RequestListener): Listener {
  const times = {
    headersTimeout: limits.headTimeoutMs,
    // Bodies have limits of their own (intake/body.ts, request.ts); an import may last for hours.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(limits.headTimeoutMs / 2)),
    maxHeaderSize: HEAD_BYTES_MAX,
  }
  const server =
    tls === undefined ? createServer(times, handler) : createTlsServer(tls, limits, times, handler)
  server.maxConnections = limits.connectionsMax
  server.on("drop", () => metrics.connectionRefused("all"))
  const sockets = limitAddresses(server, limits, metrics)
  server.on("checkContinue", onContinue)
  server.on("clientError", (error: ClientError, socket: Socket) => {
    metrics.unrequested(REASONS[error.code ?? ""] ?? "malformed")
    answerClientError(error, socket)
  })
  server.on("tlsClientError", () => metrics.unrequested("tls"))
  server.on("sessionError", () => metrics.unrequested("http2"))
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return { server, endAll }

  function onContinue(request: IncomingMessage, response: ServerResponse): void {
    CONTINUE.set(request, () => response.writeContinue())
    server.emit("request", request, response)
  }
}

function createTlsServer(
  tls: TlsFiles,
  limits: IntakeLimits,
  times: object,
  handler: RequestListener,
): Server {
  const { idleTimeoutMs } = limits
  const server = createSecureServer({
    ...tls.options,
    ...times,
    allowHTTP1: true,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // Asked for, and judged by the application: so that who is refused is told why, and counted.
    requestCert: tls.wantsClientCertificates,
    rejectUnauthorized: false,
    maxSessionMemory: SESSION_MEMORY_MB,
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: HEAD_BYTES_MAX,
    },
  })
  server.on("session", (session) => {
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    session.setTimeout(idleTimeoutMs, () => session.close())
  })
  // Both kinds of requests reach the same handler; node types them apart.
  const untyped = server as unknown as Server
  untyped.on("request", handler)
  return untyped
}

/** So that one machine cannot hold every connection. Returns all that are open. */
function limitAddresses(
  server: Server,
  { connectionsPerAddressMax }: IntakeLimits,
  metrics: ListenerDeps["metrics"],
): ReadonlySet<Socket> {
  const open = new Map<string, number>()
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    const address = socket.remoteAddress ?? ""
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once("close", () => {
      sockets.delete(socket)
      const left = (open.get(address) ?? 1) - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count <= connectionsPerAddressMax) return
    metrics.connectionRefused("address")
    socket.destroy()
  })
  return sockets
}

type ClientError = Error & { readonly code?: string }

const REASONS: Readonly<Record<string, Unrequested>> = {
  HPE_HEADER_OVERFLOW: "head",
  ERR_HTTP_REQUEST_TIMEOUT: "slow",
}

/** What is not HTTP, came too slowly or has too large a head: answered on the bare socket. */
function answerClientError(error: ClientError, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy()
  const slow = error.code === "ERR_HTTP_REQUEST_TIMEOUT"
  const problem = problemOf(
    slow
      ? new Refusal("body.slow", "the request did not arrive in time")
      : new Refusal("http.malformed", error.message),
  )
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nConnection: close\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
