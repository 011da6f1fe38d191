import type { Http2ServerRequest } from "node:http2"
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods } from "fastify"
import { Refusal } from "../base/refusal.ts"
import type { Authenticate } from "./auth.ts"
import type { Credential, Verb } from "./credentials.ts"
import { described } from "./described.ts"

declare module "fastify" {
  interface FastifyRequest {
    /** Who is asking; set before any handler of a route that needs somebody. */
    credential: Credential
  }
  interface FastifyContextConfig {
    errors?: ErrorStyle
  }
}

/** How a route says no: a problem document, a line of text as VictoriaLogs, or an error of the Prometheus API. */
export type ErrorStyle = "problem" | "text" | "prometheus"

/** One noun of the API: a file in routes/, and a line in routes/index.ts. */
export type Route = {
  readonly url: string
  readonly methods: readonly HTTPMethods[]
  /** Who may: any one of these verbs is enough, `known` is anybody with a credential, `nobody` needs none. */
  readonly needs: readonly Verb[] | "known" | "nobody"
  readonly schema: FastifySchema & { readonly summary: string }
  /** A problem document, if nothing is said; also where `Accept` asks for one. */
  readonly errors?: ErrorStyle
  /** Throws refusals; `server.ts` answers them. */
  handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown>
}

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

/** Not in /openapi.json. */
const HIDDEN: FastifySchema & { readonly hide: true } = { hide: true }

/** Registers the routes; their other methods answer 405 with `Allow`. */
export function addRoutes(app: FastifyInstance, routes: readonly Route[], authenticate: Authenticate): void {
  for (const route of routes) {
    const { needs } = route
    // HEAD of a query would run it to throw the rows away.
    const onlyGet = route.methods.length === 1 && route.methods[0] === "GET"
    const methods = onlyGet ? (["GET", "HEAD"] as const).slice() : route.methods.slice()
    for (const method of methods) {
      app.route({
        method,
        url: route.url,
        schema: method === "HEAD" ? HIDDEN : described(route),
        config: { errors: route.errors ?? "problem" },
        // Before the body: a stranger's is never read to memory.
        onRequest: async (request) => {
          if (needs === "nobody") return
          const { headers, socket } = request.raw
          const asking = { headers, socket, connection: connectionOf(request.raw) }
          request.credential = await authenticate(asking, needs === "known" ? [] : needs)
        },
        handler: (request, reply) => route.handle(request, reply),
      })
    }
    app.route({
      method: METHODS.filter((method) => !methods.includes(method)),
      url: route.url,
      schema: HIDDEN,
      handler: async (request, reply) => {
        void reply.header("allow", methods.join(", "))
        throw new Refusal("http.methodNotAllowed", `expected ${methods.join(" or ")}, saw ${request.method}`)
      },
    })
  }
}

/** What stays the same for all requests of one connection: in HTTP/2 each has a socket object of its own. */
function connectionOf(raw: FastifyRequest["raw"]): object {
  return "stream" in raw ? ((raw as unknown as Http2ServerRequest).stream.session ?? raw) : raw.socket
}
