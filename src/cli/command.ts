import type { Clock } from "../base/time.ts"

/** Exit codes: fine, the answer is bad, could not tell or do, wrong usage, our bug. */
export const EXIT = { fine: 0, bad: 1, unable: 2, usage: 64, bug: 70 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Everything a command may touch besides files. Tests hand in their own. */
export type World = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly clock: Clock
  /** Aborted by SIGINT or SIGTERM. */
  readonly stop: AbortSignal
  /** Told of SIGHUP, also of one that came before; it ends every process but one that serves. */
  onHangup(listener: () => void): void
}

export type Terminal = {
  write(text: string | Uint8Array): boolean
  /** Colours and progress only where this is true. */
  readonly isTTY: boolean
  readonly columns: number
  /** Resolves when the terminal takes more, after `write` said false. */
  drained(): Promise<void>
}

export type Option = {
  /** As commander writes them: `-k, --key <vkey>`, `--json`, `--name <text...>` for repeatable ones. */
  readonly flags: string
  readonly description: string
  readonly default?: string | number | boolean
  /** All that its value may be, for completion; without it files are offered. */
  readonly values?: readonly string[]
}

export type Argument = {
  readonly name: string
  readonly description: string
  readonly optional?: boolean
  readonly variadic?: boolean
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** One file in commands/ and one line in commands/index.ts. */
export interface Command {
  /** Words as typed: `verify`, `receipt check`, `keys new`. */
  readonly name: string
  readonly summary: string
  readonly arguments: readonly Argument[]
  readonly options: readonly Option[]
  /** Whole command lines, shown under `--help`. */
  readonly examples: readonly string[]
  /** What the first argument may be, for completion. */
  readonly choices?: readonly { readonly word: string; readonly summary: string }[]
  /** Run where the words before its last one are followed by none of their commands: `questions NAME` is `questions run NAME`. */
  readonly byDefault?: boolean
  /** Left out of help and completion: for developers. */
  readonly hidden?: boolean
  run(args: readonly string[], options: Options, world: World): Promise<ExitCode>
}
