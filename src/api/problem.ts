import { STATUS_CODES } from "node:http"
import { type Facts, isRefusal, REFUSALS, Refusal, type RefusalCode } from "../base/refusal.ts"
import { escapeObeyed, escapeUnseen } from "../base/unseen.ts"
import type { ErrorStyle } from "./route.ts"

/** A problem document (RFC 9457). `type` is stable; what it means stands in the table of refusals. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: RefusalCode
  readonly hint: string
  readonly facts: Facts
}

export const PROBLEM_TYPE = "application/problem+json"

/** Seconds after which kube-apiserver tries again within the same attempt: its budget of 30 s holds nine such waits. */
export const RETRY_AFTER_SECONDS = 3

/** What a client hears about an error. Of one that is not its fault it hears what to do, never what happened inside. */
export function problemOf(error: unknown): Problem {
  const refusal = toRefusal(error)
  const { http: status, hint } = REFUSALS[refusal.code]
  const inside = status >= 500
  return {
    type: `urn:tallystick:refusal:${refusal.code}`,
    title: STATUS_CODES[status] ?? "Refused",
    status,
    detail: inside ? hint : refusal.message,
    code: refusal.code,
    hint,
    facts: inside ? {} : refusal.facts,
  }
}

/** A problem as a route's clients know errors. Details quote what was asked, and are read on terminals. */
export function formatProblem(
  problem: Problem,
  style: ErrorStyle,
): { readonly type: string; readonly status: number; readonly text: string } {
  const { status, detail, code, hint } = problem
  const line = escapeObeyed(`${detail}${detail.endsWith("\n") ? "" : " "}(${code}: ${hint})`)
  if (style === "text") return { type: "text/plain; charset=utf-8", status, text: `${line}\n` }
  if (style === "prometheus") {
    // What cannot be asked is 422 there, as it is in VictoriaLogs.
    const shown = status === 400 ? 422 : status
    const text = JSON.stringify({ status: "error", errorType: String(shown), error: line })
    return { type: "application/json", status: shown, text }
  }
  return { type: PROBLEM_TYPE, status, text: escapeUnseen(JSON.stringify(problem)) }
}

/** Errors of Fastify and of the HTTP parser are refusals too; anything else is a bug of ours. */
function toRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500
  const message = error instanceof Error ? error.message : String(error)
  if (status === 413) return new Refusal("body.tooLarge", message)
  if (status === 415) return new Refusal("http.parameters", message)
  if (status >= 400 && status < 500) return new Refusal("http.malformed", message)
  return new Refusal("http.internal", message, {}, error)
}

export function isOurFault(error: unknown): boolean {
  return problemOf(error).code === "http.internal"
}
