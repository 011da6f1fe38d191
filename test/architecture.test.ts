import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ROOT } from "./support/sources.ts"

const PAGE = readFileSync(join(ROOT, "docs/ARCHITECTURE.md"), "utf8")

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  "%": 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  s: 1_000,
  min: 60_000,
}

/** `64 MiB` or `10,000` as the number the code has; times are milliseconds there, unless their name says microseconds. */
function shownValue(shown: string, name: string): number {
  const [number = "", unit = ""] = shown.split(" ")
  const scale = UNITS[unit]
  assert.ok(scale !== undefined, `${name}: there is no unit ${unit}`)
  return Number(number.replaceAll(",", "")) * scale * (name.includes("MICROS") ? 1_000 : 1)
}

/** A product of numbers and powers, as constants are written. */
function evaluate(expression: string): number {
  return expression
    .replaceAll("_", "")
    .replaceAll(/(\d+) \*\* (\d+)/g, (_, base: string, power: string) =>
      String(Number(base) ** Number(power)),
    )
    .split("*")
    .reduce((product, factor) => product * Number(factor), 1)
}

test("the limits of docs/ARCHITECTURE.md are those of the code", () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| ([^|]+) \| `([\w/.-]+\.ts)` \| .+ \|$/gm)]
  assert.ok(rows.length >= 50, "the table of limits")
  for (const [, name = "", shown = "", file = ""] of rows) {
    const code = readFileSync(join(ROOT, "src", file), "utf8")
    const [, expression] = new RegExp(`\\b${name}\\s*[:=]\\s*(\\d[\\d_ *]*)`).exec(code) ?? []
    assert.ok(expression !== undefined, `src/${file} has no ${name}`)
    assert.equal(evaluate(expression), shownValue(shown, name), `${name} of src/${file}`)
  }
})

test("files and folders that docs/ARCHITECTURE.md names are there", () => {
  for (const [, file = ""] of PAGE.matchAll(/`(?:src\/)?([\w-]+\/[\w/-]+\.ts)`/g)) {
    if (!file.startsWith("test/")) assert.ok(existsSync(join(ROOT, "src", file)), file)
  }
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  for (const { name } of folders) assert.match(PAGE, new RegExp(`^\\| ${name} \\|`, "m"), `src/${name}`)
})
