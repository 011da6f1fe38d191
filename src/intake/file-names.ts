import { readdir } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { isMissing } from "../base/system-error.ts"

/** A file that belongs to a configured path, under one of its names. */
export type Candidate = {
  readonly path: string
  /** Path of the file it is or was before rotation: files of one group are read oldest first. */
  readonly group: string
  /** Sorts within the group; undefined: the file that is written now. */
  readonly rotated: string | undefined
}

/** Folders that a wildcard may open, and names of one folder that are looked at. A log folder has hundreds. */
const FOLDERS_MAX = 1_000
const NAMES_MAX = 10_000

/**
 * Files of a path whose parts may hold `*` and `?`, with their rotated copies, oldest first in each group.
 * Rotated copies belong to the path even where the pattern does not name them: what was renamed while nobody looked
 * must be finished. An unreadable folder is told to `onTrouble` and skipped.
 */
export async function findFiles(
  path: string,
  onTrouble: (folder: string, error: unknown) => void,
): Promise<readonly Candidate[]> {
  const whole = resolve(path)
  const pattern = namePattern(basename(whole))
  const found: Candidate[] = []
  for (const folder of await expandFolders(dirname(whole), onTrouble)) {
    for (const name of await namesIn(folder, onTrouble)) {
      const rotation = parseRotated(name)
      const base = rotation !== undefined && pattern.test(rotation.base) ? rotation.base : undefined
      if (base === undefined && !pattern.test(name)) continue
      const rotated = base === undefined ? undefined : rotation?.order
      found.push({ path: join(folder, name), group: join(folder, base ?? name), rotated })
    }
  }
  return found.sort(inReadingOrder)
}

export function inReadingOrder(a: Candidate, b: Candidate): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1
  if (a.rotated === b.rotated) return a.path < b.path ? -1 : 1
  if (a.rotated === undefined) return 1
  if (b.rotated === undefined) return -1
  return a.rotated < b.rotated ? -1 : 1
}

/** The folders that may hold files of `path`: what to watch. */
export async function foldersOf(path: string): Promise<readonly string[]> {
  return await expandFolders(dirname(resolve(path)), () => undefined)
}

const COMPRESSED = /\.(?:gz|zst)$/
/** lumberjack v2 backupName: NAME-2006-01-02T15-04-05.000.EXT, in UTC. */
const LUMBERJACK = /^(.*)-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3})(\.[^.]*)?$/
/** logrotate: NAME.1 is newer than NAME.2; with dateext NAME-20260102 or NAME-2026010215. */
const NUMBERED = /^(.+)\.(\d{1,4})$/
const DATED = /^(.+)-(\d{8}(?:\d{2})?)$/
const NUMBER_MAX = 10_000

/** Reads the names that rotation gives. `order` rises with the time of rotation, within one way of naming. */
export function parseRotated(name: string): { readonly base: string; readonly order: string } | undefined {
  const plain = name.replace(COMPRESSED, "")
  const stamped = LUMBERJACK.exec(plain)
  if (stamped !== null) return { base: `${stamped[1] ?? ""}${stamped[3] ?? ""}`, order: stamped[2] ?? "" }
  const dated = DATED.exec(plain)
  if (dated !== null) return { base: dated[1] ?? "", order: dated[2] ?? "" }
  const numbered = NUMBERED.exec(plain)
  if (numbered === null) return undefined
  return { base: numbered[1] ?? "", order: String(NUMBER_MAX - Number(numbered[2])).padStart(5, "0") }
}

/** `*` any run without `/`, `?` one character; all else stands for itself. A hidden file needs a pattern that says so. */
export function namePattern(text: string): RegExp {
  const body = Array.from(text, (c) => {
    if (c === "*") return "[^/]*"
    return c === "?" ? "[^/]" : c.replace(/[\\^$.*+?()[\]{}|]/, "\\$&")
  }).join("")
  return new RegExp(text.startsWith(".") ? `^${body}$` : `^(?!\\.)${body}$`, "u")
}

function hasWildcard(text: string): boolean {
  return text.includes("*") || text.includes("?")
}

async function expandFolders(
  folder: string,
  onTrouble: (folder: string, error: unknown) => void,
): Promise<readonly string[]> {
  if (!hasWildcard(folder)) return [folder]
  const parents = await expandFolders(dirname(folder), onTrouble)
  const pattern = namePattern(basename(folder))
  const found: string[] = []
  for (const parent of parents) {
    if (!hasWildcard(basename(folder))) found.push(join(parent, basename(folder)))
    else
      for (const name of await namesIn(parent, onTrouble))
        if (pattern.test(name)) found.push(join(parent, name))
  }
  if (found.length > FOLDERS_MAX)
    onTrouble(folder, new Error(`only ${FOLDERS_MAX} of ${found.length} folders are looked into`))
  return found.slice(0, FOLDERS_MAX)
}

async function namesIn(
  folder: string,
  onTrouble: (folder: string, error: unknown) => void,
): Promise<readonly string[]> {
  try {
    const names = await readdir(folder)
    if (names.length > NAMES_MAX)
      onTrouble(folder, new Error(`only ${NAMES_MAX} of ${names.length} names are read`))
    return names.sort().slice(0, NAMES_MAX)
  } catch (error) {
    // A folder that is not there yet is no trouble: the API server makes it with its first event.
    if (!isMissing(error)) onTrouble(folder, error)
    return []
  }
}
