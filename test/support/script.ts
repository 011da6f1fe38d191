import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { run } from "../../src/cli/run.ts"
import { ROOT } from "./sources.ts"
import { testWorld } from "./world.ts"

/**
 * A session at a terminal as a test. Lines that begin with `$ ` are typed, `? 2` is the exit code (0 where it is left
 * out), everything else is what is printed, both outputs together. `…` stands for anything in a line, a line of only
 * `…` for any number of lines. `<<EOF` works as in a shell. A line that begins with `# ` after an empty one is a comment.
 *
 *     $ tallystick confg
 *     tallystick: unknown command 'confg'; did you mean config?
 *       see tallystick --help
 *     ? 64
 *
 * `tallystick` runs in this process where the line needs no shell, everything else in `sh`.
 */
export type Step = {
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
  readonly exit: number
}

export function parseScript(text: string): readonly Step[] {
  const lines = text.split("\n")
  const steps: Step[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ""
    if (!line.startsWith("$ ")) {
      assert.ok(
        line === "" || line.startsWith("# "),
        `line ${at + 1}: expected "$ ", "# " or nothing, saw ${line}`,
      )
      at++
      continue
    }
    const began = at
    let command = line.slice(2)
    const heredoc = /<<'?(\w+)'?$/.exec(command)?.[1]
    if (heredoc !== undefined) {
      do command += `\n${lines[++at]}`
      while (lines[at] !== heredoc && at < lines.length)
    }
    at++
    const printed: string[] = []
    while (at < lines.length && !/^[$?] /.test(lines[at] ?? "") && !isComment(lines, at))
      printed.push(lines[at++] ?? "")
    const exit = /^\? (\d+)$/.exec(lines[at] ?? "")?.[1]
    if (exit !== undefined) at++
    while (printed.at(-1) === "") printed.pop()
    steps.push({ line: began + 1, command, expected: printed, exit: Number(exit ?? 0) })
  }
  return steps
}

function isComment(lines: readonly string[], at: number): boolean {
  return (lines[at] ?? "").startsWith("# ") && lines[at - 1] === ""
}

/** Runs every step in `cwd` and compares. */
export async function runScript(name: string, steps: readonly Step[], cwd: string): Promise<void> {
  const env = {
    HOME: cwd,
    XDG_STATE_HOME: `${cwd}/.state`,
    NO_COLOR: "1",
    PATH: `${ROOT}:${process.env.PATH}`,
  }
  for (const { line, command, expected, exit } of steps) {
    const words = wordsOf(command)
    const seen = words?.[0] === "tallystick" ? await inProcess(words.slice(1)) : inShell(command)
    const where = `${name}:${line}: $ ${command}\n--- printed\n${seen.text}--- exit ${seen.exit}\n`
    assert.ok(patternOf(expected).test(seen.text), `${where}--- expected\n${expected.join("\n")}\n`)
    assert.equal(seen.exit, exit, where)
  }

  async function inProcess(argv: readonly string[]) {
    const world = testWorld({ cwd, env, clock: () => Date.now() * 1000 })
    const exit = await run(argv, world)
    return { exit: exit as number, text: world.both() }
  }

  function inShell(command: string) {
    const { status, stdout } = spawnSync("sh", ["-c", `{ ${command}\n} 2>&1`], { cwd, env, encoding: "utf8" })
    return { exit: status ?? -1, text: stdout }
  }
}

/** The words of a plain command line; undefined where only a shell can say what it means. */
export function wordsOf(command: string): readonly string[] | undefined {
  if (/[|<>&;$`()*?\n\\]/.test(command.replace(/'[^']*'/g, ""))) return undefined
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"),
  )
}

export function patternOf(expected: readonly string[]): RegExp {
  const lines = expected.map((line) => {
    if (line === "…") return "(?:.*\n)*?"
    return `${line.split("…").map(escapeRegExp).join(".*")}\n`
  })
  return new RegExp(`^${lines.join("")}$`)
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
}
