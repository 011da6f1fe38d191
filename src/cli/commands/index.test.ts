import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import test from "node:test"
import { longName, optionsOf } from "../program.ts"
import { allCommands, commandsFor } from "./index.ts"

const commands = await allCommands()

test("each command is found by its words alone", async () => {
  for (const command of commands) {
    const found = await commandsFor([...command.name.split(" "), "--json"])
    assert.deepEqual(
      found.map(({ name }) => name),
      [command.name],
    )
  }
})

test("each file of the folder is in the table", () => {
  const table = readFileSync(join(import.meta.dirname, "index.ts"), "utf8")
  const files = readdirSync(import.meta.dirname).filter(
    (name) => name !== "index.ts" && !name.endsWith(".test.ts"),
  )
  const missing = files.filter((name) => name.endsWith(".ts") && !table.includes(`"./${name}"`))
  assert.deepEqual(missing, [])
})

for (const command of commands) {
  test(`${command.name} says what it does and shows how`, () => {
    assert.match(command.summary, /^[A-Z].*\.$/)
    assert.ok(command.examples.length > 0, "an example")
    const names = optionsOf(command).map(longName)
    assert.equal(new Set(names).size, names.length, "no option twice")
    for (const option of command.options) assert.ok(option.description.length > 0, option.flags)
  })
}
