import { mkdir, open, readFile, rename } from "node:fs/promises"
import { dirname } from "node:path"
import { isCount } from "../base/count.ts"
import { isObject } from "../base/is-object.ts"
import { Refusal } from "../base/refusal.ts"
import { isMissing } from "../base/system-error.ts"
import type { Micros } from "../base/time.ts"
import type { Content } from "./file-content.ts"

/** A file that was read to its end, so that a start does not read (and unpack) a hundred backups again. */
export type SettledPlace = {
  /** Device, inode, size and time of the last change, as {@link Place} writes them. */
  readonly signature: string
  /** Index in `contents`. */
  readonly content: number
}

export type Positions = {
  /** Number after the newest record whose delivery the positions take into account. */
  readonly next: number
  /** Configured paths that have been looked at before: what appears under them from now on is new. */
  readonly begun: readonly string[]
  readonly contents: readonly Content[]
  readonly settled: readonly SettledPlace[]
}

export const NO_POSITIONS: Positions = { next: 0, begun: [], contents: [], settled: [] }

const VERSION = "tallystick/positions/v1"

/** Reads a state file; {@link NO_POSITIONS} where there is none. Refuses `positions.malformed`. */
export async function readPositions(path: string): Promise<Positions> {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (error) {
    if (isMissing(error)) return NO_POSITIONS
    throw error
  }
  return parsePositions(text)
}

/**
 * Replaces the state file as one act: after a crash at any instant it is the old or the new one, whole.
 * It holds no evidence: without it files are read again, and queries show what is in the ledger twice once.
 */
export async function writePositions(path: string, positions: Positions): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${path}.new`
  const file = await open(fresh, "w", 0o600)
  try {
    await file.writeFile(formatPositions(positions))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  const entry = await open(folder, "r")
  try {
    await entry.sync()
  } finally {
    await entry.close()
  }
}

export function formatPositions({ next, begun, contents, settled }: Positions): string {
  const kept = contents.map(({ source, head, position, last, torn, largest, seenAt }) => ({
    source,
    head,
    position,
    ...(torn ? { torn } : {}),
    ...(last === undefined ? {} : { last }),
    largest,
    seenAt,
  }))
  return `${JSON.stringify({ version: VERSION, next, begun, contents: kept, settled }, null, 1)}\n`
}

export function parsePositions(text: string): Positions {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw malformed("it is not JSON", error)
  }
  if (!isObject(value) || value.version !== VERSION) throw malformed(`its version is not ${VERSION}`)
  const contents = list(value, "contents").map(parseContent)
  const settled = list(value, "settled").map((place) => ({
    signature: string(place, "signature"),
    content: count(place, "content"),
  }))
  if (settled.some(({ content }) => content >= contents.length)) throw malformed("a place has no content")
  const begun = list(value, "begun").map((path) => {
    if (typeof path !== "string") throw malformed("begun is not a list of paths")
    return path
  })
  return { next: count(value, "next"), begun, contents, settled }
}

function parseContent(value: unknown): Content {
  const head = member(value, "head")
  const last = isObject(value) ? value.last : undefined
  return {
    source: string(value, "source"),
    head: { skip: count(head, "skip"), size: count(head, "size"), sha256: string(head, "sha256") },
    position: count(value, "position"),
    last:
      last === undefined
        ? undefined
        : { start: count(last, "start"), size: count(last, "size"), sha256: string(last, "sha256") },
    torn: isObject(value) && value.torn === true,
    largest: count(value, "largest"),
    seenAt: count(value, "seenAt") satisfies Micros,
    unsure: false,
  }
}

function member(value: unknown, key: string): unknown {
  if (!isObject(value)) throw malformed(`${key} is missing`)
  return value[key]
}

function list(value: unknown, key: string): readonly unknown[] {
  const found = member(value, key)
  if (!Array.isArray(found)) throw malformed(`${key} is not a list`)
  return found
}

function count(value: unknown, key: string): number {
  const found = member(value, key)
  if (!isCount(found)) throw malformed(`${key} is not a count`)
  return found
}

function string(value: unknown, key: string): string {
  const found = member(value, key)
  if (typeof found !== "string") throw malformed(`${key} is not a text`)
  return found
}

function malformed(why: string, cause?: unknown): Refusal {
  return new Refusal(
    "positions.malformed",
    `the positions of followed files cannot be read: ${why}`,
    {},
    cause,
  )
}
