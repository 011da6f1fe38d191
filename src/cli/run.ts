import { Bug } from "../base/assert.ts"
import { isRefusal, REFUSALS, Refusal } from "../base/refusal.ts"
import { type Command, EXIT, type ExitCode, type World } from "./command.ts"
import { commandsFor } from "./commands/index.ts"
import { runProgram } from "./program.ts"
import { escapeLines, escapeText, jsonLine, paintFor } from "./terminal.ts"
import { VERSION } from "./version.ts"

/**
 * One command line from words to exit code. Everything that can go wrong is caught and printed here, once: a refusal as
 * one line and a hint (with `--json` as a problem object on standard output), what the system refused likewise, a bug
 * with its stack.
 */
export async function run(
  argv: readonly string[],
  world: World,
  load: (argv: readonly string[]) => Promise<readonly Command[]> = commandsFor,
): Promise<ExitCode> {
  const description = "A tamper-evident audit ledger for Kubernetes."
  let commands: readonly Command[] = []
  try {
    commands = await load(argv)
    return await runProgram(argv, { name: "tallystick", version: VERSION, description, commands }, world)
  } catch (error) {
    const asJson = argv.includes("--json")
    if (isRefusal(error, "usage"))
      return reportRefusal(error, { asJson, hint: helpFor(argv, commands) }, world)
    if (isRefusal(error)) return reportRefusal(error, { asJson }, world)
    if (world.stop.aborted && error instanceof Error && error.name === "AbortError")
      return reportStopped(world)
    if (isSystemError(error)) {
      const refusal = new Refusal("system.failed", `the system refused: ${wordsOf(error)}`, {}, error)
      return reportRefusal(refusal, { asJson }, world)
    }
    return reportBug(error, world)
  }
}

/** No room, no right, no such file: the world's doing, whatever call of ours met it. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "code" in error && "syscall" in error
}

/** Node's `rmSync` names neither code nor call of what is not in its list: `, Unknown error: Read-only file system '/x'`. */
function wordsOf({ message }: Error): string {
  return message.replace(/^, Unknown error: /, "")
}

/** Where the words of what was meant stand: the help of one command, or of its group. */
function helpFor(argv: readonly string[], commands: readonly Command[]): string {
  const [only, ...others] = commands.map(({ name }) => name)
  const group = argv[0] !== undefined && only?.startsWith(`${argv[0]} `) ? `${argv[0]} ` : ""
  return `see tallystick ${only !== undefined && others.length === 0 ? `${only} ` : group}--help`
}

/** A refusal for programs, shaped as over HTTP (RFC 9457), with the exit code. */
export function problemOf(
  refusal: Refusal,
  hint: string = REFUSALS[refusal.code].hint,
): Readonly<Record<string, unknown>> {
  const { code, message, facts } = refusal
  const { http, exit } = REFUSALS[code]
  return { type: `urn:tallystick:refusal:${code}`, status: http, detail: message, code, hint, facts, exit }
}

function reportRefusal(
  refusal: Refusal,
  { asJson, hint = REFUSALS[refusal.code].hint }: { readonly asJson: boolean; readonly hint?: string },
  world: World,
): ExitCode {
  const { exit } = REFUSALS[refusal.code]
  if (asJson) world.stdout.write(jsonLine(problemOf(refusal, hint)))
  else {
    const paint = paintFor(world.stderr, world.env)
    world.stderr.write(
      `${paint.red("tallystick:")} ${escapeText(refusal.message)}\n${paint.dim(`  ${hint}`)}\n`,
    )
  }
  return exit
}

function reportStopped(world: World): ExitCode {
  world.stderr.write("tallystick: stopped\n")
  return EXIT.unable
}

function reportBug(error: unknown, world: World): ExitCode {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const head = error instanceof Bug ? "a claim of ours is false" : "something unforeseen happened"
  world.stderr.write(
    `tallystick: ${head}; this is a bug of tallystick ${VERSION}, please report it with these lines\n${escapeLines(stack)}\n`,
  )
  return EXIT.bug
}
