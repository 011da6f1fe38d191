import type { FastifySchema } from "fastify"
import { Type } from "typebox"
import { PROBLEM_TYPE } from "./problem.ts"
import type { Route } from "./route.ts"

/** How one may say who one is, for /openapi.json; besides there are client certificates, which its types have no word for. */
export const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "credentials[].tokenFile or tokenSha256" },
  basic: { type: "http", scheme: "basic", description: "credentials[].basic" },
} as const

const Problem = Type.Object({
  type: Type.String({ description: "urn:tallystick:refusal:<code>" }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String({ description: "As docs/ERRORS.md lists them" }),
  hint: Type.String({ description: "What to do" }),
  facts: Type.Object({}, { additionalProperties: true }),
})
const Line = Type.String({ description: "What was seen, what was expected, and (code: what to do)" })
const ANYBODY = [{}]
const SOMEBODY = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }))

/** A route's schema with what all have in common: who may ask, and how it says no. */
export function described({ schema, needs, errors = "problem" }: Route): FastifySchema {
  const content = {
    [PROBLEM_TYPE]: { schema: Problem },
    // Line is what clients of VictoriaLogs hear that do not ask for JSON.
    ...(errors === "text" ? { "text/plain": { schema: Line } } : {}),
  }
  const response = { ...(schema.response as object), default: { description: "A refusal.", content } }
  return {
    ...schema,
    security: needs === "nobody" ? ANYBODY : [...SOMEBODY, ...ANYBODY],
    response,
  } as FastifySchema
}
