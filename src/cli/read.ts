import { readFile } from "node:fs/promises"
import { Refusal } from "../base/refusal.ts"
import { saidOf } from "../base/said.ts"

/** Reads a small text file that a person named. Refuses `input.unreadable` with the path and the reason. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (cause) {
    throw new Refusal("input.unreadable", `cannot read ${path}: ${saidOf(cause)}`, { path }, cause)
  }
}
