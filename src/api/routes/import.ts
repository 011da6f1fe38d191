import { Type } from "typebox"
import { pause } from "../../base/loop.ts"
import { type ImportDone, receiveImport } from "../../intake/import-request.ts"
import type { Acked } from "../../intake/webhook.ts"
import type { ApiDeps } from "../deps.ts"
import { parametersOf, queryStringOf } from "../request.ts"
import type { Route } from "../route.ts"
import { sourceOf } from "../source-of.ts"

export type ImportRoute = Pick<ApiDeps, "deliver" | "redactor" | "onTrouble"> & {
  /** See {@link sourceOf}. */
  readonly isOpen: boolean
  readonly onAcked: (acked: Acked) => void
  /** Makes the control record `import.done`; resolves when it is durable. */
  readonly onImported: (done: ImportDone) => Promise<void>
}

/**
 * `POST /import[/<source>]?id=<import id>&name=<file name>`: what `tallystick import --server` posts. The body is one file
 * as it stands, of any size: it is read as fast as the journal takes it, a MiB at a time, and compressed content is
 * known by its first bytes. The answer comes when all of it is durable.
 */
export function importRoutes({ isOpen, onImported, onTrouble, ...deps }: ImportRoute): readonly Route[] {
  const handle: Route["handle"] = async (request, reply) => {
    const { "*": path = "" } = request.params as { "*"?: string }
    const left = new AbortController()
    reply.raw.once("close", () => left.abort())
    return await receiveImport({
      ...deps,
      parameters: parametersOf(queryStringOf(request)),
      source: sourceOf(request, path, isOpen),
      // A refusal leaves the rest unread; the stream must live on, or its sender never hears why.
      stream: request.raw.iterator({ destroyOnReturn: false }),
      stop: left.signal,
      pause,
      onTrouble,
      onDone: onImported,
    })
  }
  const schema = {
    summary: "Takes one file of old audit events; the answer says what became of it",
    description:
      "JSON lines, EventLists, arrays, legacy lines; plain, gzip or zstd. Records carry the word imported=<id>.",
    tags: ["intake"],
    querystring: Type.Object({
      id: Type.String({ description: "Name of this import: up to 64 letters, digits, dots and dashes" }),
      name: Type.Optional(Type.String({ description: "The file's name, for the record of the import" })),
    }),
    response: { 200: Type.Object({}, { additionalProperties: true }) },
  }
  const route = { methods: ["POST"], needs: ["write"], schema, handle } as const
  return [
    { url: "/import", ...route },
    { url: "/import/*", ...route },
  ]
}
