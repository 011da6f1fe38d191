import { Type } from "typebox"
import { countIn } from "../../base/count.ts"
import { Refusal } from "../../base/refusal.ts"
import type { ApiDeps } from "../deps.ts"
import { parametersOf, queryStringOf } from "../request.ts"
import type { Route } from "../route.ts"

/** Characters of a reason. */
export const WHY_LENGTH_MAX = 500

/**
 * `POST /quarantine/dismiss?record=<number>&why=<text>`: what `tallystick quarantine dismiss --server` posts. Nothing is
 * deleted: a record says that the other one needs no answer, who says so, and why.
 */
export function quarantineRoutes({ onDismissed }: Pick<ApiDeps, "onDismissed">): readonly Route[] {
  return [
    {
      url: "/quarantine/dismiss",
      methods: ["POST"],
      needs: ["admin"],
      schema: {
        summary: "Takes a quarantined record off the list, with a reason that is kept",
        tags: ["intake"],
        querystring: Type.Object({
          record: Type.String({ description: "Number of the record." }),
          why: Type.String({ description: `The reason, up to ${WHY_LENGTH_MAX} characters.` }),
        }),
        response: { 200: Type.Object({}, { additionalProperties: true }) },
      },
      async handle(request) {
        const { record = "", why = "" } = parametersOf(queryStringOf(request))
        const number = countIn(record)
        if (number === undefined || why.trim() === "" || why.length > WHY_LENGTH_MAX || !why.isWellFormed())
          throw new Refusal(
            "http.parameters",
            `expected record=<number> and why=<up to ${WHY_LENGTH_MAX} characters>`,
          )
        await onDismissed({ record, why: why.trim(), by: request.credential.name })
        return { dismissed: number }
      },
    },
  ]
}
