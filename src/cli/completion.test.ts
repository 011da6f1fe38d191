import assert from "node:assert/strict"
import test from "node:test"
import { QUESTIONS } from "../query/questions/index.ts"
import { allCommands } from "./commands/index.ts"
import { formatCompletion, SHELLS } from "./completion.ts"

const commands = await allCommands()

for (const shell of SHELLS) {
  test(`${shell} completes the commands that read, and every question by name`, () => {
    const script = formatCompletion(shell, commands)
    for (const word of ["query", "tail", "top", "hits", "fields", "values", "questions"]) {
      assert.match(script, new RegExp(`\\b${word}\\b`), word)
    }
    for (const { name } of QUESTIONS) assert.ok(script.includes(name), name)
  })
}

test("bash offers names of questions behind questions, run and show", () => {
  const lines = formatCompletion("bash", commands).split("\n")
  for (const path of ["questions ", "questions run ", "questions show "]) {
    const line = lines.find((text) => text.includes(`"${path.trim()}"*)`))
    assert.ok(line?.includes(" exec-sessions") || line?.includes('"exec-sessions'), path)
  }
})
