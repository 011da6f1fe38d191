import { type FileHandle, open, rm } from "node:fs/promises"
import { resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import { reasonOf, saidOf } from "../base/said.ts"
import type { World } from "./command.ts"

/**
 * Writes a text to a new file, or to standard output where none is named. Nothing there is written over (refuses
 * `output.unwritable`), and a file that could not be written whole is taken away again.
 */
export async function writeOut(
  out: string | undefined,
  parts: AsyncIterable<string> | Iterable<string>,
  world: World,
  mode?: number,
): Promise<void> {
  if (out === undefined) {
    for await (const part of parts) if (!world.stdout.write(part)) await world.stdout.drained()
    return
  }
  const path = resolve(world.cwd, out)
  const file = await open(path, "wx", mode).catch((error: unknown) => {
    throw unwritable(path, error)
  })
  try {
    await writeAll(file, parts, path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function writeAll(
  file: FileHandle,
  parts: AsyncIterable<string> | Iterable<string>,
  path: string,
): Promise<void> {
  const refuse = (error: unknown): never => {
    throw unwritable(path, error)
  }
  try {
    for await (const part of parts) await file.writeFile(part).catch(refuse)
    await file.sync().catch(refuse)
  } finally {
    await file.close()
  }
}

/** What these mean for a file that is to be made. */
const WHY: Readonly<Record<string, string>> = {
  EEXIST: "it is there already",
  ENOENT: "there is no such folder (ENOENT)",
}

function unwritable(path: string, error: unknown): Refusal {
  const why = WHY[reasonOf(error)] ?? saidOf(error)
  return new Refusal("output.unwritable", `cannot write ${path}: ${why}`, { path }, error)
}
