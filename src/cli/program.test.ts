import assert from "node:assert/strict"
import test from "node:test"
import { testWorld } from "../../test/support/world.ts"
import { assert as claim } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import type { Command, Options } from "./command.ts"
import { EXIT } from "./command.ts"
import { run } from "./run.ts"

type Call = { readonly args: readonly string[]; readonly options: Options }

/** Runs a command line against a small table and says what the command was given. */
async function line(argv: readonly string[], act: () => Promise<void> = async () => {}) {
  const world = testWorld({ cwd: "/" })
  let call: Call | undefined
  const command = (name: string, given: Partial<Command>): Command => ({
    name,
    summary: `What ${name} does.`,
    arguments: [],
    options: [],
    examples: [`tallystick ${name}`],
    async run(args, options) {
      call = { args, options }
      await act()
      return EXIT.fine
    },
    ...given,
  })
  const commands = [
    command("verify", {
      arguments: [{ name: "dir", description: "the ledger", optional: true }],
      options: [
        { flags: "-k, --key <vkey...>", description: "a key" },
        { flags: "--age-max <duration>", description: "oldest", default: "24h" },
        { flags: "--lines <n>", description: "how many", default: 20 },
      ],
    }),
    command("keys new", { arguments: [{ name: "name", description: "its name" }] }),
    command("keys show", {}),
    command("import", { arguments: [{ name: "files", description: "files", variadic: true }] }),
    command("docs", { hidden: true }),
  ]
  const exit = await run(argv, world, async () => commands)
  return { exit, call, out: world.out(), err: world.err() }
}

const calls: [why: string, argv: string[], args: string[], options: Options][] = [
  ["nothing given: defaults as text", ["verify"], [], { ageMax: "24h", lines: "20" }],
  [
    "a repeatable option takes one value each time",
    ["verify", "-k", "a", "--key", "b", "dir"],
    ["dir"],
    { key: ["a", "b"], ageMax: "24h", lines: "20" },
  ],
  ["an option after =", ["verify", "--age-max=1h"], [], { ageMax: "1h", lines: "20" }],
  [
    "a value that looks like an option follows =",
    ["verify", "--age-max=-1"],
    [],
    { ageMax: "-1", lines: "20" },
  ],
  ["nested words", ["keys", "new", "n"], ["n"], {}],
  ["any number of arguments", ["import", "a", "b", "--json"], ["a", "b"], { json: true }],
  ["after -- nothing is an option", ["import", "--", "--json"], ["--json"], {}],
]
for (const [why, argv, args, options] of calls) {
  test(`command line: ${why}`, async () => {
    const { exit, call } = await line(argv)
    assert.equal(exit, 0)
    assert.deepEqual(call?.args, args)
    assert.deepEqual({ ...call?.options }, options)
  })
}

const refused: [why: string, argv: string[], message: RegExp][] = [
  ["an unknown command names the nearest", ["verfy"], /unknown command 'verfy'; did you mean verify\?/],
  ["an unknown nested command too", ["keys", "nwe"], /unknown command 'nwe'; did you mean new\?/],
  ["an unknown option too", ["verify", "--kye", "x"], /unknown option '--kye'; did you mean --key\?/],
  ["far from everything", ["banana"], /unknown command 'banana'/],
  ["an argument is missing", ["keys", "new"], /missing required argument 'name'/],
  ["an argument too many", ["verify", "a", "b"], /words besides options: expected 1, saw 2; .* quotes/],
  [
    "an option for a value",
    ["verify", "--age-max", "--key", "x"],
    /expected a value behind --age-max, saw the option --key/,
  ],
  ["a value is missing", ["verify", "--age-max"], /argument missing/],
]
for (const [why, argv, message] of refused) {
  test(`command line refuses: ${why}`, async () => {
    const { exit, err, out, call } = await line(argv)
    assert.equal(exit, EXIT.usage)
    assert.match(err, message)
    assert.equal(err.split("\n").length, 3, "one line and a hint")
    assert.equal(out, "")
    assert.equal(call, undefined)
  })
}

test("help goes to standard output and shows examples; hidden commands stay hidden", async () => {
  const all = await line(["--help"])
  assert.equal(all.exit, 0)
  assert.match(all.out, /verify .*What verify does\./)
  assert.doesNotMatch(all.out, /docs/)
  const one = await line(["keys", "new", "--help"])
  assert.match(one.out, /Examples:\n {2}tallystick keys new/)
  assert.equal((await line(["help", "verify"])).exit, 0)
})

test("without words help goes to standard error and nothing is fine", async () => {
  const { exit, out, err } = await line([])
  assert.equal(exit, EXIT.usage)
  assert.equal(out, "")
  assert.match(err, /^Usage:/)
})

test("--version", async () => assert.match((await line(["--version"])).out, /^\d+\.\d+\.\d+\n$/))

const refuse = async () => {
  throw new Refusal("proof.refuted", "it does not lead to\x1b[2J the root", { size: 7 })
}

test("a refusal is one line and a hint, harmless to the terminal, with the exit code of the table", async () => {
  const { exit, err, out } = await line(["verify"], refuse)
  assert.equal(exit, 1)
  assert.match(err, /^tallystick: it does not lead to\\x1b\[2J the root\n {2}\S.*\n$/)
  assert.equal(out, "")
})

test("with --json it is a problem object on standard output", async () => {
  const { exit, err, out } = await line(["verify", "--json"], refuse)
  assert.equal(exit, 1)
  assert.equal(err, "")
  const problem = JSON.parse(out)
  assert.equal(problem.code, "proof.refuted")
  assert.equal(problem.facts.size, 7)
  assert.equal(problem.exit, 1)
})

test("a bug shows its stack and asks for a report", async () => {
  const { exit, err } = await line(["verify"], async () => claim(false, "two and two"))
  assert.equal(exit, EXIT.bug)
  assert.match(err, /bug of tallystick \d.*\n.*two and two\n +at /)
})
