import { readFile } from "node:fs/promises"
import { Refusal } from "../base/refusal.ts"

/** Reads a small text file that a person named. Refuses `input.unreadable` with the path and the reason. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (cause) {
    throw new Refusal("input.unreadable", `cannot read ${path}: ${reasonOf(cause)}`, { path }, cause)
  }
}

/** The system's error code, or its words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message
}
