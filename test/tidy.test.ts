/**
 * The rules of the sources that no compiler checks: which folder may know which, what must stay pure, what must be
 * written down. Each failure names the file and what to do.
 */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import test from "node:test"
import { REFUSALS } from "../src/base/refusal.ts"
import { allCommands } from "../src/cli/commands/index.ts"
import { CONFIG_OPTIONS_ALL } from "../src/cli/config-options.ts"
import { generatedPages } from "../src/cli/docs.ts"
import { filesBelow, ROOT, readSource, type SourceFile } from "./support/sources.ts"

/** The way of the bytes. A folder imports itself and folders to its left. */
const ORDER =
  "base event intake journal tlog store seal query search policy retain detect forward report connect api cli".split(
    " ",
  )
const PURE = ["event", "tlog", "query", "policy", "connect"]
const LINES_GUIDE = 400
const LINES_MAX = 600

/** Folders without index.ts: base is words, each imported by its file's name; nothing imports cli. */
const WITHOUT_INDEX = ["base", "cli"]
const MANUAL_LINES_MAX = 30

/** A run-time dependency is known to one file of ours. These are known to more, for a reason. */
const KNOWN_TO_MANY: Readonly<Record<string, string>> = {
  "@noble/hashes": "the portable sides of #sha256 and #ed25519, a file each",
  typebox: "schemas are declared where the data is: configuration and routes",
  fastify: "routes are typed by it; api/ alone may import it",
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>
}
const sources = filesBelow("src", [".ts"]).map(readSource)
const product = sources.filter((file) => !file.isTest)
const others = [...filesBelow("test", [".ts"]), ...filesBelow("bench", [".ts"]), "build.ts"].map(readSource)
const everything = [...sources, ...others]
const byPath = new Map(sources.map((file) => [file.path, file]))

function folderOf(path: string): string {
  return path.split("/")[1] ?? ""
}

/** Fails with all that is wrong at once. */
function none(wrong: readonly string[], what: string): void {
  assert.ok(wrong.length === 0, `${what}:\n  ${wrong.join("\n  ")}\n`)
}

test("every folder of src has its place in the order", () => {
  const unknown = new Set(
    product.map((file) => folderOf(file.path)).filter((folder) => !ORDER.includes(folder)),
  )
  none([...unknown], "folders without a place; add them to ORDER here and to docs/ARCHITECTURE.md")
})

test("a folder imports itself and folders to its left", () => {
  const wrong = product.flatMap((file) =>
    file.imports.flatMap((imported) => {
      if (imported.path === undefined) return []
      if (!imported.path.startsWith("src/")) return [`${file.path} imports ${imported.path} from outside src`]
      const to = folderOf(imported.path)
      const left = ORDER.indexOf(to) <= ORDER.indexOf(folderOf(file.path))
      return left ? [] : [`${file.path} imports ${imported.path}, which is to its right`]
    }),
  )
  none(wrong, "imports against the order")
})

test("product code imports no test and no missing file", () => {
  const wrong = product.flatMap((file) =>
    file.imports.flatMap(({ path }) =>
      path !== undefined && (path.includes(".test.") || !existsSync(join(ROOT, path)))
        ? [`${file.path}: ${path}`]
        : [],
    ),
  )
  none(wrong, "imports")
})

test("no file imports itself by a detour", () => {
  const done = new Set<string>()
  const wrong: string[] = []
  const walk = (file: SourceFile, way: readonly string[]): void => {
    if (way.includes(file.path)) {
      wrong.push([...way.slice(way.indexOf(file.path)), file.path].join(" → "))
      return
    }
    if (done.has(file.path)) return
    for (const { path, typeOnly } of file.imports) {
      const next = path === undefined || typeOnly ? undefined : byPath.get(path)
      if (next !== undefined) walk(next, [...way, file.path])
    }
    done.add(file.path)
  }
  for (const file of product) walk(file, [])
  none(wrong, "cycles")
})

const IMPURE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a node: module", /\bfrom\s+"node:|\bimport\("node:/],
  ["the clock", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/],
  ["randomness", /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b/],
  ["the process", /\bprocess\./],
  ["a Node global", /\bBuffer\b|\b__dirname\b/],
  ["a timer", /\bset(Timeout|Interval|Immediate)\(/],
  ["waiting", /\bawait\b|\basync\b/],
]
test(`${PURE.join(", ")} are pure: they compute and nothing else, in a browser too`, () => {
  const pure = product.filter((file) => PURE.includes(folderOf(file.path)))
  const wrong = pure.flatMap((file) =>
    IMPURE.flatMap(([what, pattern]) =>
      pattern.test(codeWithoutStrings(file)) ? [`${file.path} uses ${what}`] : [],
    ),
  )
  none(wrong, "impure")
})

test("what pure folders reach by imports has no node: module either", () => {
  const start = product.filter((file) => PURE.includes(folderOf(file.path)))
  const reached = new Map(start.map((file) => [file.path, file.path]))
  for (const [path] of reached) {
    for (const imported of byPath.get(path)?.imports ?? []) {
      const next = imported.path ?? portable(imported.specifier)
      if (next !== undefined && !imported.typeOnly && !reached.has(next)) reached.set(next, path)
    }
  }
  const wrong = [...reached].flatMap(([path, from]) =>
    /\bfrom\s+"node:/.test(byPath.get(path)?.code ?? "")
      ? [`${path}, imported by ${from}, imports a node: module`]
      : [],
  )
  none(wrong, "impure by imports")
})

/** The browser's side of `#sha256`. */
function portable(specifier: string): string | undefined {
  return manifest.imports[specifier]?.browser?.replace("./", "")
}

function codeWithoutStrings(file: SourceFile): string {
  return file.code.replace(/(?<!\bfrom\s)(?<!import\()"(?:[^"\\\n]|\\.)*"/g, '""')
}

test("nothing switches the type checker off", () => {
  const wrong = everything.flatMap((file) =>
    /@ts-(ignore|nocheck)/.test(file.text) ||
    /\bas any\b|[\w?)\]]:\s*any\b|<any>/.test(codeWithoutStrings(file))
      ? [file.path]
      : [],
  )
  none(
    wrong.filter((path) => path !== "test/tidy.test.ts"),
    "any, @ts-ignore or @ts-nocheck",
  )
})

test(`no file is longer than ${LINES_MAX} lines; over ${LINES_GUIDE} wants a reason`, (t) => {
  const sized = everything.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
  for (const { path, lines } of sized) if (lines > LINES_GUIDE) t.diagnostic(`${path}: ${lines} lines`)
  none(
    sized.filter(({ lines }) => lines > LINES_MAX).map(({ path, lines }) => `${path}: ${lines} lines`),
    "too long; split by meaning",
  )
})

test("every folder has an index.ts that opens with a short manual", () => {
  const folders = [...new Set(product.map((file) => folderOf(file.path)))].filter(
    (folder) => !WITHOUT_INDEX.includes(folder),
  )
  const wrong = folders.flatMap((folder) => {
    const index = byPath.get(`src/${folder}/index.ts`)
    if (index === undefined) return [`src/${folder}/index.ts is missing`]
    const manual = /^\/\*\*[\s\S]*?\*\//.exec(index.text)?.[0].split("\n").length ?? 0
    return manual >= 1 && manual <= MANUAL_LINES_MAX + 2 ? [] : [`${index.path}: manual of ${manual} lines`]
  })
  none(wrong, "indexes")
})

test("generated pages are as the sources print them", async () => {
  const wrong = generatedPages(await allCommands()).flatMap(({ path, text }) =>
    existsSync(join(ROOT, path)) && readFileSync(join(ROOT, path), "utf8") === text ? [] : [path],
  )
  none(wrong, "out of step; run npm run docs")
})

test("each run-time dependency has a decision record and one file that knows it", () => {
  const decisions = filesBelow("docs/decisions", [".md"]).map((path) =>
    readFileSync(join(ROOT, path), "utf8"),
  )
  const wrong = Object.keys(manifest.dependencies).flatMap((name) => {
    const knowing = product.filter((file) => file.imports.some((imported) => isOf(imported.specifier, name)))
    const paths = knowing.map((file) => file.path)
    const count = paths.length
    const folders = new Set(paths.map(folderOf))
    return [
      ...(decisions.some((text) => text.includes(`\`${name}\``))
        ? []
        : [`${name}: no record in docs/decisions`]),
      ...(count === 0 ? [`${name}: not used; remove it from package.json`] : []),
      ...(count > 1 && KNOWN_TO_MANY[name] === undefined ? [`${name}: known to ${paths.join(", ")}`] : []),
      ...(name === "fastify" && [...folders].some((folder) => folder !== "api")
        ? [`${name}: known outside api/`]
        : []),
    ]
  })
  none(wrong, "dependencies")
})

test("each development dependency is used, and nothing undeclared is", () => {
  const scripts = Object.values(manifest.scripts).join("\n")
  const used: Readonly<Record<string, boolean>> = {
    "@biomejs/biome": /\bbiome\b/.test(scripts),
    typescript: /\btsc\b/.test(scripts),
    node: /\bnode\b/.test(scripts),
    "@types/node": readFileSync(join(ROOT, "tsconfig.json"), "utf8").includes('"node"'),
  }
  const imported = new Set(everything.flatMap((file) => file.imports.map(({ specifier }) => specifier)))
  const isImported = (name: string) => [...imported].some((specifier) => isOf(specifier, name))
  const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]
  const unused = Object.keys(manifest.devDependencies).filter(
    (name) => used[name] !== true && !isImported(name),
  )
  const undeclared = [...imported].filter(
    (specifier) =>
      /^[@a-z]/.test(specifier) &&
      !specifier.startsWith("node:") &&
      !declared.some((name) => isOf(specifier, name)),
  )
  const missingImports = [...imported].filter(
    (specifier) => specifier.startsWith("#") && manifest.imports[specifier] === undefined,
  )
  none([...unused, ...undeclared, ...missingImports], "unused or undeclared")
})

function isOf(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`)
}

test("every refusal in the table is used", () => {
  const code = product.filter((file) => file.path !== "src/base/refusal.ts").map((file) => file.code)
  const unused = Object.keys(REFUSALS).filter((name) => !code.some((text) => text.includes(`"${name}"`)))
  none(unused, "never thrown; remove them from src/base/refusal.ts")
})

test("pages and sections that hints name are there", () => {
  const wrong = Object.entries(REFUSALS).flatMap(([code, { hint }]) =>
    [...hint.matchAll(/\b(docs\/[\w.-]+\.md)(?:, '([^']+)')?/g)].flatMap(([, page = "", section]) => {
      if (!existsSync(join(ROOT, page))) return [`${code}: ${page} is not there`]
      const heading = new RegExp(`^#+ .*${section ?? ""}`, "mi")
      return heading.test(readFileSync(join(ROOT, page), "utf8"))
        ? []
        : [`${code}: ${page} has no section ${section}`]
    }),
  )
  none(wrong, "hints that lead nowhere")
})

test("options that hints name are there, and no hint sends to sources that nobody has installed", () => {
  const sections = [...new Set(CONFIG_OPTIONS_ALL.map(({ path }) => path[0]))].join("|")
  const names = CONFIG_OPTIONS_ALL.map(({ name }) => name)
  const wrong = Object.entries(REFUSALS).flatMap(([code, { hint }]) => [
    ...[...hint.matchAll(new RegExp(`\\b(?:${sections})(?:\\.[a-z]\\w*)+`, "g"))].flatMap(([option]) =>
      names.some((name) => name === option || name.startsWith(`${option}.`)) ? [] : [`${code}: ${option}`],
    ),
    ...(hint.includes("src/") ? [`${code}: ${hint}`] : []),
  ])
  none(wrong, "hints that lead nowhere")
})

test("every option of the configuration is used", () => {
  const code = product.filter((file) => !/^src\/cli\/config[.-]/.test(file.path)).map((file) => file.code)
  const unused = CONFIG_OPTIONS_ALL.filter(({ path }) => {
    const word = new RegExp(`\\b${path.at(-1)}\\b`)
    return !code.some((text) => word.test(text))
  })
  none(
    unused.map(({ name }) => name),
    "options that do nothing",
  )
})

test("no path of one machine is left in any file", () => {
  const files = filesBelow(".", [".ts", ".md", ".json", ".sh", ".yaml", ".yml", ".txt", ".html"])
  const wrong = files.flatMap((path) => {
    if (path.startsWith("test/fixtures/") || path.startsWith("test/golden/") || path === "test/tidy.test.ts")
      return []
    const found = /(?<![\w.])\/(work|root|home)\/[\w.-]+/.exec(readFileSync(join(ROOT, path), "utf8"))
    return found === null ? [] : [`${path}: ${found[0]}`]
  })
  none(wrong, "paths of a machine")
})

test("links between pages lead somewhere", () => {
  const wrong = filesBelow(".", [".md"]).flatMap((path) => {
    const text = readFileSync(join(ROOT, path), "utf8").replace(/```[\s\S]*?```/g, "")
    return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].flatMap(([, target = ""]) =>
      existsSync(join(ROOT, dirname(path), target)) ? [] : [`${path}: ${target}`],
    )
  })
  none(wrong, "links")
})
