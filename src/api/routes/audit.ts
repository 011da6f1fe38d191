import { Type } from "typebox"
import type { Post } from "../../intake/take-body.ts"
import { CONTINUE, lengthOf } from "../request.ts"
import type { Route } from "../route.ts"
import { sourceOf } from "../source-of.ts"

export type AuditRoute = {
  readonly receive: (post: Post) => Promise<void>
  /** See {@link sourceOf}. */
  readonly isOpen: boolean
}

/**
 * `POST /audit[/<source>]`: what kube-apiserver's webhook posts. 200 with an empty body means durable. The query
 * string (`?timeout=30s`) means nothing.
 */
export function auditRoutes({ receive, isOpen }: AuditRoute): readonly Route[] {
  const handle: Route["handle"] = async (request, reply) => {
    const { "*": path = "" } = request.params as { "*"?: string }
    await receive({
      sender: request.credential.name,
      source: sourceOf(request, path, isOpen),
      stream: request.raw,
      encoding: request.headers["content-encoding"],
      length: lengthOf(request),
      proceed: CONTINUE.get(request.raw),
    })
    return reply.code(200).send()
  }
  const schema = {
    summary: "Takes audit events; 200 says they are on disk",
    description:
      "An EventList, a single Event, or JSON lines of either; plain or as gzip, deflate, zstd or snappy. The path after /audit " +
      "narrows the source of the credential. Any other answer than 200: send the same body again.",
    tags: ["intake"],
    consumes: ["application/json", "application/x-ndjson"],
    response: { 200: Type.Null({ description: "Durable." }) },
  }
  const route = { methods: ["POST"], needs: ["write"], schema, handle } as const
  return [
    { url: "/audit", ...route },
    { url: "/audit/*", ...route },
  ]
}
