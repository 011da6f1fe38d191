import { Refusal } from "../base/refusal.ts"

/** What the files that decode a policy share: a map, and the words of Go's decoder. */
export type JsonObject = { readonly [key: string]: unknown }

export function cannotUnmarshal(value: unknown, field: string, type: string): string {
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value
  const into = field === "" ? `Go value of type ${type}` : `Go struct field ${field} of type ${type}`
  return `json: cannot unmarshal ${kind} into ${into}`
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function illegal(message: string, facts: Refusal["facts"] = {}, cause?: unknown): Refusal {
  return new Refusal("policy.illegal", message, facts, cause)
}
