import type { FastifyReply, FastifyRequest } from "fastify"
import { Type } from "typebox"
import { parseSwitch } from "../arguments.ts"
import { type AskDeps, openQuestion } from "../ask.ts"
import { parseCursor, parseFormat, parsePaging, parseQueryRequest } from "../query-request.ts"
import type { Route } from "../route.ts"
import { RowsArguments } from "../select-schema.ts"
import { sendFile } from "../send-file.ts"
import { sendRows } from "../send-rows.ts"

/** `/select/logsql/query` as VictoriaLogs has it: one JSON object a line, every value a string, newest first. */
export function queryRoutes(deps: AskDeps): readonly Route[] {
  return [
    {
      url: "/select/logsql/query",
      methods: ["GET", "POST"],
      needs: ["read"],
      errors: "text",
      schema: {
        summary: "Rows of a LogsQL query, as JSON lines, JSON, CSV or Parquet",
        description:
          "Arguments in the query string or a form. Every value is a string. An answer that limits cut ends with a line " +
          "that has the field _partial, and the trailer Tallystick-Answer says partial instead of whole; CSV and Parquet " +
          "say so in the header Tallystick-Answer and in the file's name.",
        tags: ["query"],
        querystring: RowsArguments,
        produces: ["application/stream+json"],
        response: { 200: Type.String() },
      },
      handle: (request, reply) => answer(deps, request, reply),
    },
  ]
}

async function answer(deps: AskDeps, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const question = await openQuestion(deps, { request, reply }, "query", (given, bounds) => {
    parseFormat(given)
    const progress = parseSwitch(given, "progress") ? { progress: true } : {}
    return { ...parseQueryRequest(given, bounds), ...parsePaging(given), ...parseCursor(given), ...progress }
  })
  const format = parseFormat(question.given)
  if (format === "csv" || format === "parquet") return sendFile(question, format, reply, deps)
  return sendRows(question, format, reply, deps)
}
