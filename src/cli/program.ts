import { Command as Commander, CommanderError, Option as CommanderOption } from "commander"
import { assert } from "../base/assert.ts"
import { nearest } from "../base/nearest.ts"
import { Refusal } from "../base/refusal.ts"
import { type Command, EXIT, type ExitCode, type Option, type Options, type World } from "./command.ts"

/** The one file that knows the `commander` package: a table of commands becomes a command line. */
export type Program = {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly commands: readonly Command[]
}

/** Every command understands it: programs get JSON instead of text, refusals included. */
const JSON_OPTION: Option = { flags: "--json", description: "print JSON, for programs" }

/** What `keys` is, when `keys new` is a command. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: "Check and show the configuration.",
  keys: "Make, show and replace the key that signs checkpoints.",
  policy: "Check, explain and compare audit policies of Kubernetes.",
  quarantine: "Look at what could not be understood.",
  questions: "Ask named questions: who read Secrets, who changed RBAC, what did X do, …",
  receipt: "Work with receipts.",
}

/**
 * Runs the command that `argv` names (without node and script). Throws what the command throws; wrong words are refused
 * with `usage` and the nearest known one. Help and version go to standard output, help that nobody asked for to standard error.
 */
export async function runProgram(argv: readonly string[], program: Program, world: World): Promise<ExitCode> {
  let exit: ExitCode = EXIT.fine
  const root = newCommander(program.name, world)
    .description(program.description)
    .version(program.version, "-v, --version", "print the version")
    .helpCommand("help [command]", "show what a command does")
    .addHelpText(
      "after",
      "\nExit codes: 0 fine, 1 the answer is bad, 2 could not tell or do, 64 usage, 70 our bug.",
    )
  for (const command of program.commands) {
    attach(root, command, world).action(async (...given: unknown[]) => {
      exit = await command.run(...argumentsOf(given, command), world)
    })
  }
  // `help keys new` and `keys help new` are other ways to say `keys new --help`.
  const asked = argv.slice(0, 3).indexOf("help")
  const isHelp = asked === 0 || (asked === 1 && Object.hasOwn(GROUPS, argv[0] ?? ""))
  const words = isHelp ? [...argv.filter((_, i) => i !== asked), "--help"] : argv
  checkWords(root, words, program)
  try {
    await root.parseAsync([...words], { from: "user" })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return exitOf(error)
    throw error
  }
}

/** Options of a command with those that every command has. */
export function optionsOf(command: Command): readonly Option[] {
  const own = command.options.some((option) => longName(option) === "--json")
  return own ? command.options : [...command.options, JSON_OPTION]
}

/** `--key` of `-k, --key <vkey>`. */
export function longName(option: Option): string {
  return /--[a-z][a-z0-9-]*/.exec(option.flags)?.[0] ?? option.flags
}

/** What follows the words of a command: `[dir] [options]`. */
export function usageOf(command: Command): string {
  const names = command.arguments.map((argument) => {
    const name = `${argument.name}${argument.variadic === true ? "..." : ""}`
    return argument.optional === true ? `[${name}]` : `<${name}>`
  })
  return [...names, "[options]"].join(" ")
}

function newCommander(name: string, world: World): Commander {
  const width = () => helpWidth(world)
  return new Commander(name)
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpOption("-h, --help", "show this")
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      // Messages of errors come back as CommanderError and are printed once, with the others; only help stays.
      writeErr: (text) =>
        void (text.startsWith("error:") || text.startsWith("(Did") || world.stderr.write(text)),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
}

/** What a pager or a file is read at, where nobody says. */
const HELP_COLUMNS = 80

function helpWidth({ stdout, env }: World): number {
  if (stdout.isTTY && stdout.columns > 0) return stdout.columns
  const told = Number(env.COLUMNS)
  return Number.isInteger(told) && told > 0 ? told : HELP_COLUMNS
}

/**
 * Refuses words that name no command, with the nearest one. Commander would take `foo --help` and `help foo` for a wish for
 * all of the help.
 */
function checkWords(root: Commander, argv: readonly string[], { commands }: Program): void {
  let at = root
  const path: string[] = []
  for (const word of argv) {
    if (word.startsWith("-") || at.commands.length === 0) return
    const names = at.commands.map((command) => command.name())
    const next = at.commands.find((command) => command.name() === word)
    if (next === undefined) {
      const open = commands.some(
        ({ byDefault, name }) => byDefault === true && name.startsWith(path.join(" ")),
      )
      if (open && path.length > 0) return
      const meant = nearest(word, names)
      throw new Refusal(
        "usage",
        `unknown command '${word}'${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      )
    }
    path.push(word)
    at = next
  }
}

function attach(root: Commander, command: Command, world: World): Commander {
  const words = command.name.split(" ")
  const last = words.pop()
  assert(last !== undefined, "a command has a name")
  const parent = words.reduce(
    (at, word) => at.commands.find((known) => known.name() === word) ?? group(at, word, world),
    root,
  )
  const child = newCommander(last, world).description(command.summary).summary(command.summary)
  parent.addCommand(child, { hidden: command.hidden === true, isDefault: command.byDefault === true })
  for (const { name, description, optional, variadic } of command.arguments) {
    const full = variadic === true ? `${name}...` : name
    child.argument(optional === true ? `[${full}]` : `<${full}>`, description)
  }
  const names = optionsOf(command).map(longName)
  for (const option of optionsOf(command)) child.addOption(optionFor(option, names))
  if (command.examples.length > 0) {
    child.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`)
  }
  return child
}

function group(parent: Commander, word: string, world: World): Commander {
  const child = newCommander(word, world)
    .description(GROUPS[word] ?? "")
    .helpCommand("help [command]", "show what a command does")
  parent.addCommand(child)
  return child
}

/** A repeatable option takes one value each time it is given; commander's own `<name...>` would swallow the arguments behind it. */
function optionFor(
  { flags, description, default: byDefault }: Option,
  names: readonly string[],
): CommanderOption {
  const repeatable = flags.includes("...")
  const option = new CommanderOption(flags.replace("...", ""), description)
  if (repeatable)
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
  if (flags.includes("<")) refuseOptionAsValue(option, names)
  if (byDefault !== undefined) option.default(typeof byDefault === "boolean" ? byDefault : String(byDefault))
  return option
}

/** Commander takes whatever follows for the value: `--user --since 1d` would ask about a user called --since. */
function refuseOptionAsValue(option: CommanderOption, names: readonly string[]): void {
  const read = option.parseArg
  option.argParser((value: string, before: unknown) => {
    if (names.includes(value))
      throw new Refusal("usage", `expected a value behind ${option.long}, saw the option ${value}`)
    return read === undefined ? value : read(value, before)
  })
}

/** Commander calls an action with each argument, then the options, then itself. */
function argumentsOf(given: readonly unknown[], command: Command): [readonly string[], Options] {
  const args = given.slice(0, command.arguments.length)
  const options = given[command.arguments.length]
  const flat = args.flatMap((arg) => (arg === undefined ? [] : Array.isArray(arg) ? arg : [arg]))
  return [flat as readonly string[], options as Options]
}

/** The shell has cut what was meant as one. */
const TOO_MANY = "words besides options: expected $1, saw $2; what belongs together stands in quotes"

function exitOf(error: CommanderError): ExitCode {
  if (error.exitCode === 0) return EXIT.fine // help or version that was asked for
  if (error.code === "commander.help") return EXIT.usage // words are missing: help was printed instead
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?")
    .replace(/^too many arguments for '.*'\. Expected (\d+) arguments? but got (\d+)\.$/s, TOO_MANY)
  throw new Refusal("usage", message, {}, error)
}
