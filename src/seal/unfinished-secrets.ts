import { readdirSync, rmSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"

/** Writing one takes milliseconds: what is older was left by a process that is gone, whoever has its number now. */
const WRITING_MS_MAX = 60_000
const NAME = /^(.*?)(?:\.next)?\.(\d+)\.tmp$/

/** Where a secret is written before it gets its name; nothing else has names like that. */
export function unfinishedPath(path: string): string {
  return `${path}.${process.pid}.tmp`
}

/** Private keys that were meant for `path`, or to follow it, and that a killed process left beside it. */
export function unfinishedSecrets(path: string): readonly string[] {
  const [folder, wanted] = [dirname(path), basename(path)]
  return namesIn(folder)
    .filter((name) => NAME.exec(name)?.[1] === wanted && !isBeingWritten(join(folder, name)))
    .map((name) => join(folder, name))
}

/** Removes them: nothing was ever signed with a key that has not got its name. */
export function dropUnfinishedSecrets(path: string): void {
  for (const each of unfinishedSecrets(path)) rmSync(each, { force: true })
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return [] // a folder that is not there holds nothing
  }
}

function isBeingWritten(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  const pid = Number(NAME.exec(basename(path))?.[2])
  return found !== undefined && isAlive(pid) && Date.now() - found.mtimeMs < WRITING_MS_MAX
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
