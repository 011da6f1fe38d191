import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"

const FOLDER = join(import.meta.dirname, "../fixtures/real")

/** One request as a real kube-apiserver 1.20.2 sent it. */
export type RecordedPost = {
  readonly afterSeconds: number
  readonly method: string
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function recordedPosts(name: "webhook-posts" | "webhook-retries-on-500"): readonly RecordedPost[] {
  return linesOf(`own-1.20.2-${name}.jsonl.gz`).map((line) => JSON.parse(line) as RecordedPost)
}

/** The lines of its log file, exactly as written. */
export function recordedLog(): readonly string[] {
  return linesOf("own-1.20.2-audit.jsonl.gz")
}

/** The items of an EventList, cut out by a way of their own: for comparing with ours. */
export function itemsOf(body: string): readonly string[] {
  const parsed = JSON.parse(body) as { readonly items: readonly unknown[] }
  let at = body.indexOf('"items":[') + '"items":['.length
  return parsed.items.map(() => {
    const end = endOfObject(body, at)
    const item = body.slice(at, end)
    at = end + 1
    return item
  })
}

function linesOf(name: string): readonly string[] {
  return gunzipSync(readFileSync(join(FOLDER, name)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
}

function endOfObject(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++
    } else if (char === "{") depth++
    else if (char === "}" && --depth === 0) return i + 1
  }
  throw new Error("the object does not end")
}
