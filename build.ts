/**
 * Makes dist/, what `npm publish` ships: JavaScript and declarations of every product source, and a package.json of
 * its own, so that `#sha256` and its like mean the compiled files there.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const ROOT = import.meta.dirname
const DIST = join(ROOT, "dist")

type Imports = Readonly<Record<string, Readonly<Record<string, string>>>>

rmSync(DIST, { recursive: true, force: true })
mkdirSync(DIST)
compile()
writeManifest()
chmodSync(join(DIST, "cli/main.js"), 0o755)

function compile(): void {
  const config = join(DIST, "tsconfig.json")
  writeFileSync(
    config,
    JSON.stringify({
      extends: "../tsconfig.json",
      compilerOptions: { noEmit: false, declaration: true, rootDir: "../src", outDir: "." },
      include: ["../src"],
      exclude: ["../src/**/*.test.ts"],
    }),
  )
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc")
  const { status, error } = spawnSync(process.execPath, [tsc, "-p", config], { stdio: "inherit" })
  rmSync(config)
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}

function writeManifest(): void {
  const { imports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { imports: Imports }
  const compiled = Object.entries(imports).map(([name, conditions]) => [
    name,
    Object.fromEntries(
      Object.entries(conditions).map(([condition, path]) => [
        condition,
        path.replace(/^\.\/src\//, "./").replace(/\.ts$/, ".js"),
      ]),
    ),
  ])
  const manifest = { type: "module", imports: Object.fromEntries(compiled) }
  writeFileSync(join(DIST, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`)
}
