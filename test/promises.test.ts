/** docs/PROMISES.md names tests: each must be there, under the title it gives. Whether a test holds what it is said to hold, people judge. */
import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ROOT } from "./support/sources.ts"

type Promised = { readonly promise: string; readonly file: string; readonly title: string }

/** Rows are `| promise | \`file\`: title |`, with more tests behind `<br>`. */
function promisesOf(page: string): readonly Promised[] {
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| promise |"))
  return rows.flatMap((row) => {
    const [promise = "", tests = "", ...rest] = row
      .slice(2, -2)
      .split(/(?<!\\) \| /)
      .map((cell) => cell.replaceAll("\\|", "|"))
    assert.ok(promise !== "" && tests !== "" && rest.length === 0, `two columns: ${row}`)
    return tests.split("<br>").map((one) => {
      const [, file = "", title = ""] = /^`(test\/[\w./-]+\.ts|src\/[\w./-]+\.ts)`: (.+)$/.exec(one) ?? []
      assert.ok(file !== "", `a file and a title: ${one}`)
      return { promise, file, title }
    })
  })
}

/** Titles as they stand in the source, each `${…}` as `…`. */
function titlesIn(source: string): ReadonlySet<string> {
  const found = source.matchAll(/\b(?:test|t\.test)\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)
  return new Set(
    [...found].map(([, plain, template = ""]) =>
      plain === undefined
        ? template.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…").replaceAll("\\`", "`")
        : (JSON.parse(`"${plain}"`) as string),
    ),
  )
}

test("every test that docs/PROMISES.md names is there, under that title", () => {
  const promised = promisesOf(readFileSync(join(ROOT, "docs/PROMISES.md"), "utf8"))
  assert.ok(promised.length > 0)
  const titles = new Map<string, ReadonlySet<string>>()
  const wrong = promised.filter(({ file, title }) => {
    if (!existsSync(join(ROOT, file))) return true
    const known = titles.get(file) ?? titlesIn(readFileSync(join(ROOT, file), "utf8"))
    titles.set(file, known)
    return !known.has(title)
  })
  assert.deepEqual(wrong, [], "tests that are not there")
})

test("titles are read with their holes, and a wrong one is noticed", () => {
  const page = "| promise | held by |\n|---|---|\n| a \\| b | `test/a.ts`: one<br>`src/b.ts`: two … |\n"
  assert.deepEqual(
    promisesOf(page).map(({ file, title }) => [file, title]),
    [
      ["test/a.ts", "one"],
      ["src/b.ts", "two …"],
    ],
  )
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a source that is read
  const source = 'test("one \\"x\\"", () => 1)\n  await t.test(`two ${JSON.stringify({ a })}`, f)'
  assert.deepEqual([...titlesIn(source)], ['one "x"', "two …"])
  assert.throws(() => promisesOf("| promise without a test | nothing |\n"))
})
