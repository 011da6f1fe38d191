import type { FastifyReply, FastifyRequest } from "fastify"
import { Refusal } from "../base/refusal.ts"
import { clusterOf } from "../event/record.ts"
import { type InsertArguments, parseInsertArguments } from "../intake/insert/arguments.ts"
import type { Inserted, InsertForm, InsertPost } from "../intake/insert/insert.ts"
import type { Outcome } from "../intake/insert/keeper.ts"
import { CONTINUE, lengthOf, parametersOf, queryStringOf } from "./request.ts"
import { sourceOf } from "./source-of.ts"
import { checkTenant } from "./tenant.ts"

export type InsertRoute = {
  readonly insert: (post: InsertPost) => Promise<Inserted>
  /** See {@link sourceOf}. */
  readonly isOpen: boolean
  /** Told of a request that claimed to come from a cluster which is not its credential's. */
  readonly onSpoofed: () => void
}

/** Lets one request's body be taken, as what its credential says and as its arguments ask. */
export async function insertBody(
  { insert, isOpen, onSpoofed }: InsertRoute,
  request: FastifyRequest,
  form: InsertForm,
  index = "",
): Promise<Inserted & { readonly args: InsertArguments }> {
  const { name } = request.credential
  checkTenant(request)
  const parameters = parametersOf(queryStringOf(request))
  const args = parseInsertArguments(parameters, (header) => headerOf(request, header))
  const { source: path = "" } = parameters
  const source = sourceOf(request, path, isOpen)
  if (!isOpen) checkClaims(args, source, onSpoofed)
  const inserted = await insert({
    form,
    args,
    index,
    source,
    sender: name,
    userAgent: request.headers["user-agent"],
    stream: request.raw,
    encoding: request.headers["content-encoding"],
    length: lengthOf(request),
    proceed: CONTINUE.get(request.raw),
  })
  return { ...inserted, args }
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  return typeof value === "string" ? value : undefined
}

/** A request may say again where it comes from, and nothing else: lines say what they like, and decide nothing. */
function checkClaims({ extra }: InsertArguments, source: string, onSpoofed: () => void): void {
  const rightly: Readonly<Record<string, string>> = { cluster: clusterOf(source), source }
  for (const [name, claimed] of extra) {
    const right = Object.hasOwn(rightly, name) ? rightly[name] : undefined
    if (right === undefined || right === claimed) continue
    onSpoofed()
    const message = `extra_fields say ${name}=${JSON.stringify(claimed.slice(0, 80))}; the credential's is ${right}`
    throw new Refusal("source.spoofed", message, { field: name })
  }
}

/** How many lines are what, in headers, since most protocols' answers have no word for it. */
export function tellOutcomes(reply: FastifyReply, outcomes: readonly Outcome[], args: InsertArguments): void {
  const bad = outcomes.filter(({ quarantined }) => quarantined !== undefined).length
  void reply.header("tallystick-lines", outcomes.length).header("tallystick-quarantined", bad)
  if (args.unused.length > 0) void reply.header("tallystick-unused", args.unused.join(", "))
}

/**
 * For protocols that answer for all lines at once: refuses when not one of them was understood, so that somebody looks.
 * With a good line among them the answer is yes: a collector would throw them all away, or send them for ever.
 */
export function refuseIfAllBad(outcomes: readonly Outcome[]): void {
  const [first] = outcomes
  if (first === undefined || outcomes.some(({ quarantined }) => quarantined === undefined)) return
  const message = `lines understood: 0 of ${outcomes.length}; the first: ${first.quarantined}`
  throw new Refusal("insert.notUnderstood", message, {
    lines: outcomes.length,
    first: first.quarantined ?? "",
  })
}
