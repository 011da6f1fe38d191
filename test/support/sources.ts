import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

export const ROOT = join(import.meta.dirname, "../..")

/** One file of ours, with what it imports. Paths are relative to the root, with forward slashes. */
export type SourceFile = {
  readonly path: string
  readonly text: string
  /** Text without comments, so that a word in a comment breaks no rule. Strings stay. */
  readonly code: string
  readonly imports: readonly Import[]
  readonly isTest: boolean
}

export type Import = {
  /** As written: `../base/bytes.ts`, `node:fs`, `#sha256`, `fastify`. */
  readonly specifier: string
  /** Path of the file for relative ones. */
  readonly path: string | undefined
  readonly typeOnly: boolean
}

const IGNORED = new Set(["node_modules", "dist", "data", ".git", "coverage"])

/** Every file below `folder` whose name ends so, in order of their paths. */
export function filesBelow(folder: string, endings: readonly string[]): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "." ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : filesBelow(path, endings)
      return entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)) ? [path] : []
    })
    .sort()
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8")
  const code = withoutComments(text)
  return { path, text, code, imports: importsOf(path, code), isTest: /\.test\.ts$|^test\//.test(path) }
}

const STATIC = /^(import|export)\s+(type\s+)?(?:[\w*{][^;"]*?\s+from\s+)?"([^"\n]+)"/gm
const DYNAMIC = /\bimport\("([^"\n]+)"\)/g

function importsOf(path: string, code: string): readonly Import[] {
  const found = (specifier: string, typeOnly: boolean): Import => ({
    specifier,
    path: specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : undefined,
    typeOnly,
  })
  return [
    ...[...code.matchAll(STATIC)].map((match) => found(match[3] ?? "", match[2] !== undefined)),
    ...[...code.matchAll(DYNAMIC)].map((match) => found(match[1] ?? "", false)),
  ]
}

/** Good enough for sources that a formatter has seen: strings are skipped, so `"https://x"` is no comment. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`)|\/\*[\s\S]*?\*\/|(^|[^\\:/])\/\/[^\n]*/gm,
    (match, string: string | undefined, before: string | undefined) =>
      string ?? (before ?? "") + match.replace(/[^\n]/g, "").slice(0),
  )
}
