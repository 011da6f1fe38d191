import { Type } from "typebox"
import { asBuffer } from "../../base/buffer.ts"
import { Refusal } from "../../base/refusal.ts"
import type { ApiDeps } from "../deps.ts"
import type { Route } from "../route.ts"

/** Tiles never change once they are there (c2sp.org/tlog-tiles); private, because they were asked for with a credential. */
const FOREVER = "private, max-age=31536000, immutable"

/**
 * The transparency log (c2sp.org/tlog-tiles): anybody with a credential may mirror, monitor or witness it. It holds
 * commitments only, no events. Nothing beyond the committed size is ever served.
 */
export function logRoutes({ log }: Pick<ApiDeps, "log">): readonly Route[] {
  return [
    {
      url: "/log/checkpoint",
      methods: ["GET"],
      needs: "known",
      schema: {
        summary: "The newest checkpoint, a signed note",
        tags: ["log"],
        produces: ["text/plain"],
        response: { 200: Type.String() },
      },
      handle: async (_request, reply) =>
        reply
          .type("text/plain; charset=utf-8")
          .header("cache-control", "no-cache")
          .send(log.sealed.checkpoint),
    },
    {
      url: "/log/tile/*",
      methods: ["GET"],
      needs: "known",
      schema: {
        summary:
          "A tile of hashes, /log/tile/<L>/<N>[.p/<W>], or a bundle of entries, /log/tile/entries/<N>[.p/<W>]",
        tags: ["log"],
        produces: ["application/octet-stream"],
        response: { 200: Type.String({ format: "binary" }) },
      },
      async handle(request, reply) {
        const { "*": rest = "" } = request.params as { "*"?: string }
        const path = `tile/${rest}`
        const tile = await log.readTile(path)
        if (tile === undefined)
          throw new Refusal("tile.missing", `the log has no ${JSON.stringify(path.slice(0, 80))} yet`)
        return reply.type("application/octet-stream").header("cache-control", FOREVER).send(asBuffer(tile))
      },
    },
  ]
}
