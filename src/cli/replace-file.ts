import { randomUUID } from "node:crypto"
import { open, rename, rm, stat } from "node:fs/promises"
import { Refusal } from "../base/refusal.ts"
import { saidOf } from "../base/said.ts"

/**
 * Puts a text in the place of a file that a person named, with the mode it had: a crash leaves the old one or the new one
 * whole. Refuses `output.unwritable`.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  try {
    const { mode } = await stat(path)
    const file = await open(beside, "wx", mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    throw new Refusal("output.unwritable", `cannot write ${path}: ${saidOf(cause)}`, { path }, cause)
  }
}
