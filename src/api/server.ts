import type { Server } from "node:http"
import fastifySwagger from "@fastify/swagger"
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify"
import { Bug } from "../base/assert.ts"
import { nearest } from "../base/nearest.ts"
import { Refusal } from "../base/refusal.ts"
import { codeOf } from "../base/system-error.ts"
import { InFlight } from "../intake/in-flight.ts"
import { inserter } from "../intake/insert/insert.ts"
import { checkLimits } from "../intake/limits.ts"
import { auditWebhook, type WebhookDeps } from "../intake/webhook.ts"
import { authenticator } from "./auth.ts"
import { countAcked } from "./count-acked.ts"
import type { ApiDeps } from "./deps.ts"
import { SECURITY_SCHEMES } from "./described.ts"
import { checkExposure } from "./exposure.ts"
import { createListener, type Listener } from "./listener.ts"
import { formatProblem, isOurFault, problemOf, RETRY_AFTER_SECONDS } from "./problem.ts"
import { finishBody, isUnread, prefersProblem } from "./request.ts"
import { addRoutes, type Route } from "./route.ts"
import {
  auditRoutes,
  healthRoutes,
  importRoutes,
  insertRoutes,
  logRoutes,
  metricsRoutes,
  openapiRoutes,
  quarantineRoutes,
  selectRoutes,
} from "./routes/index.ts"
import type { SecureServer } from "./tls.ts"

export type ApiServer = {
  /** For tests: `app.inject`. */
  readonly app: FastifyInstance
  /** What it answers; /openapi.json says the same in schemas. */
  readonly routes: readonly Route[]
  /** Resolves with what to print: `http://127.0.0.1:9628`. Refuses `listen.unavailable`. */
  listen(): Promise<readonly string[]>
  /** Looks at certificate and secret files now; true when certificates changed. Also runs by itself. */
  reload(): Promise<boolean>
  /** Takes no more connections, lets requests under way finish for `graceMs`, then ends the rest. */
  close(graceMs?: number): Promise<void>
}

const RELOAD_INTERVAL_MS = 10_000
/** kube-apiserver waits 30 s for an answer; nothing has to take longer than that to leave. */
const GRACE_MS = 25_000

/** The HTTP side of a ledger. Refuses `listen.exposed` and `intake.limits` before anything listens. */
export async function createApi(deps: ApiDeps): Promise<ApiServer> {
  checkExposure({ ...deps.listen, tls: deps.tls !== undefined, credentials: deps.credentials })
  checkLimits(deps.limits)
  const listeners: Listener[] = []
  const state: State = { stopping: false }
  const app = Fastify({
    serverFactory: (handler) => {
      const listener = createListener(deps, handler)
      listeners.push(listener)
      return listener.server
    },
    // While stopping, a request that is here already is still answered by its own rules.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    // A base address that ends with a slash makes two of them: //select/logsql/query.
    routerOptions: { ignoreDuplicateSlashes: true },
    logger: false,
    frameworkErrors: (error, request, reply) => void answerError(deps, error, request, reply),
  })
  const routes = await setUp(app, deps, state)
  let timer: NodeJS.Timeout | undefined
  let told = ""
  return { app, routes, listen, reload, close }

  async function listen(): Promise<readonly string[]> {
    const { address, port } = deps.listen
    await app.listen({ host: address, port }).catch((error: unknown) => {
      throw unavailable(error, `${address}:${port}`)
    })
    timer = setInterval(() => void watch(), deps.reloadIntervalMs ?? RELOAD_INTERVAL_MS).unref()
    return urlsOf(app)
  }

  async function reload(): Promise<boolean> {
    const servers = listeners.map(({ server }) => server).filter(isSecure)
    // Neither waits for the other: a token that was taken back must not stay in force while a certificate is broken.
    const [tls, credentials] = await Promise.allSettled([
      deps.tls?.reload(servers) ?? false,
      deps.credentials.reload(),
    ])
    if (tls.status === "rejected") throw tls.reason
    if (credentials.status === "rejected") throw credentials.reason
    return tls.value
  }

  /** The same trouble is told once, not every ten seconds. */
  async function watch(): Promise<void> {
    try {
      await reload()
      told = ""
    } catch (error) {
      if (told !== String(error)) deps.onTrouble(error)
      told = String(error)
    }
  }

  async function close(graceMs = GRACE_MS): Promise<void> {
    clearInterval(timer)
    state.stopping = true
    const late = setTimeout(() => {
      for (const { endAll } of listeners) endAll()
    }, graceMs)
    await app.close()
    clearTimeout(late)
  }
}

/** What changes while it runs. */
type State = { stopping: boolean }

async function setUp(app: FastifyInstance, deps: ApiDeps, state: State): Promise<readonly Route[]> {
  const { metrics, limits, credentials } = deps
  const inFlight = new InFlight(limits.inFlightBytesMax, limits.sourcePercentMax)
  metrics.watch("tallystick_in_flight_bytes", () => inFlight.used)
  takeBodiesRaw(app)
  // Text comes in, text goes out: routes read their own arguments, and one schema documents them.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply))
  const stopping = new AbortController()
  app.addHook("preClose", async () => stopping.abort())
  app.setNotFoundHandler(async (request) => {
    const path = (request.url.split("?")[0] ?? "").slice(0, PATH_SHOWN)
    const meant = nearest(
      path,
      routes.map(({ url }) => url),
    )
    throw new Refusal(
      "http.notFound",
      `there is no ${path}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    )
  })
  app.addHook("onRequest", async (_request, reply) => {
    void reply.header("x-content-type-options", "nosniff")
  })
  app.addHook("onSend", async ({ raw }, reply) => {
    if (raw.httpVersionMajor !== 1) return
    // Or the connection would stay open: idle, and hold up the end; or slowly sending what nobody reads.
    if (state.stopping || isUnread(raw)) void reply.header("connection", "close")
  })
  app.addHook("onResponse", async ({ routeOptions, method }, { statusCode }) => {
    metrics.request({ route: routeOptions.url ?? "__other__", method, status: statusCode })
  })
  await app.register(fastifySwagger, {
    openapi: { openapi: "3.1.0", info: INFO, components: { securitySchemes: SECURITY_SCHEMES } },
  })

  const authenticate = authenticator({
    credentials,
    anonymousSource: deps.anonymousSource,
    insecure: deps.listen.insecure,
    onRefused: metrics.authRefused,
  })
  const intake = intakeOf(deps, inFlight)
  const routes = [
    ...auditRoutes({ receive: auditWebhook(intake), isOpen: credentials.count === 0 }),
    ...insertRoutes({
      ...deps,
      insert: inserter({ ...intake, onInserted: metrics.inserted }),
      isOpen: credentials.count === 0,
      onSpoofed: metrics.spoofed,
    }),
    ...importRoutes({
      ...deps,
      isOpen: credentials.count === 0,
      onAcked: (acked) => countAcked(metrics, deps.clock(), acked),
    }),
    ...quarantineRoutes(deps),
    ...selectRoutes({ ...deps, inFlight, stopping: stopping.signal }),
    ...logRoutes(deps),
    ...healthRoutes(deps),
    ...metricsRoutes(deps),
    ...openapiRoutes(app),
  ]
  await app.register(async (scope) => addRoutes(scope, routes, authenticate))
  return routes
}

/** Characters of a path nobody answers to that are said back. */
const PATH_SHOWN = 120

const INFO = {
  title: "Tallystick",
  description: "A tamper-evident audit ledger for Kubernetes.",
  version: "1",
  license: { name: "Apache-2.0" },
}

/** What everybody needs who takes bodies. */
function intakeOf(deps: ApiDeps, inFlight: InFlight): WebhookDeps {
  const { metrics, clock, redactor } = deps
  return {
    deliver: deps.deliver,
    limits: deps.limits,
    inFlight,
    redactor,
    onBody: metrics.received,
    onLoss(loss) {
      metrics.lost()
      deps.onLoss(loss)
    },
    onAcked: (acked) => countAcked(metrics, clock(), acked),
  }
}

/** No content type means anything before the bytes are looked at; curl calls everything a form. */
function takeBodiesRaw(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", (_request, _payload, done) => done(null))
  app.addHook("onRequest", async ({ raw }) => {
    // Fastify refuses one it cannot read, with 415.
    delete raw.headers["content-type"]
  })
}

const NOT_LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: "something listens there already",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "this machine has no such address",
  EACCES: "this user may not",
}

/** Why it cannot listen where it should, for whoever starts it; what is no answer of the system stays as it is. */
function unavailable(error: unknown, where: string): unknown {
  const code = codeOf(error) ?? ""
  const why = NOT_LISTENING[code]
  if (why === undefined) return error
  return new Refusal("listen.unavailable", `cannot listen on ${where}: ${why}`, { code }, error)
}

function urlsOf(app: FastifyInstance): readonly string[] {
  const scheme = isSecure(app.server) ? "https" : "http"
  return app.addresses().map((bound) => {
    if (typeof bound === "string") return bound
    const { address, port, family } = bound
    return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}`
  })
}

function isSecure(server: Server): server is Server & SecureServer {
  return "setSecureContext" in server
}

async function answerError(
  { onTrouble }: ApiDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (isOurFault(error)) onTrouble(error)
  // A false claim of our own: state is unknown, nothing more is acknowledged (base/assert.ts).
  if (error instanceof Bug)
    setImmediate(() => {
      throw error
    })
  const problem = problemOf(error)
  // Who was too slow is not waited for again.
  await finishBody(request, problem.code !== "body.slow")
  if (problem.status === 503) void reply.header("retry-after", RETRY_AFTER_SECONDS)
  if (problem.status === 401)
    void reply.header("www-authenticate", 'Bearer realm="tallystick", Basic realm="tallystick"')
  void reply.code(problem.status).header("cache-control", "no-store")
  const style = prefersProblem(request) ? "problem" : (request.routeOptions?.config?.errors ?? "problem")
  const { type, status, text } = formatProblem(problem, style)
  await reply.code(status).header("content-type", type).send(text)
}
