/** Sessions at a terminal, one file each; test/support/script.ts says how they are written. */
import assert from "node:assert/strict"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import test from "node:test"
import { parseScript, patternOf, runScript, wordsOf } from "./support/script.ts"

const FOLDER = join(import.meta.dirname, "script")

for (const name of (await readdir(FOLDER)).filter((name) => name.endsWith(".txt")).sort()) {
  test(`script ${name}`, async () => {
    const cwd = await mkdtemp(join(tmpdir(), "tallystick-script-"))
    try {
      const steps = parseScript(await readFile(join(FOLDER, name), "utf8"))
      assert.ok(steps.length > 0, "a script without a step tests nothing")
      await runScript(name, steps, cwd)
    } finally {
      await rm(cwd, { recursive: true })
    }
  })
}

test("the runner itself notices a wrong line, a missing line, a line too many and a wrong exit code", async () => {
  const wrong = [
    "$ echo a\nb\n",
    "$ echo a\n",
    "$ true\na\n",
    "$ false\n",
    "$ true\n? 1\n",
    "$ tallystick --version\n",
  ]
  for (const text of wrong) {
    await assert.rejects(runScript("wrong", parseScript(text), tmpdir()), { name: "AssertionError" }, text)
  }
})

test("parseScript: here documents, comments and exit codes", () => {
  const text = "# what it shows\n\n$ cat > f <<EOF\na\nEOF\n\n# again\n$ cat f\na\n? 3\n"
  assert.deepEqual(parseScript(text), [
    { line: 3, command: "cat > f <<EOF\na\nEOF", expected: [], exit: 0 },
    { line: 8, command: "cat f", expected: ["a"], exit: 3 },
  ])
})

test("… is anything in a line, alone any number of lines", () => {
  assert.match("a 1 b\n", patternOf(["a … b"]))
  assert.doesNotMatch("a 1 b c\n", patternOf(["a … b"]))
  assert.match("a\nx\ny\nb\n", patternOf(["a", "…", "b"]))
  assert.match("a\nb\n", patternOf(["a", "…", "b"]))
})

test("words of a plain line; a shell for the rest", () => {
  assert.deepEqual(wordsOf("tallystick query 'a | b' --x=\"c d\""), [
    "tallystick",
    "query",
    "a | b",
    "--x=c d",
  ])
  assert.equal(wordsOf("tallystick query a | head"), undefined)
  assert.equal(wordsOf('tallystick prove "$(cat x)"'), undefined)
})
